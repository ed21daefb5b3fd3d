import { z } from 'zod';
import { parseDuration } from '../../domain/duration.ts';
import { isSecretName } from '../../domain/secret.ts';

const path = z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{0,4000}$/, 'not an absolute path without ..');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name');
const duration = z
  .string()
  .max(20)
  .refine(text => parseDuration(text) !== null, 'not a duration such as 30s');
const secretRef = z.union([z.strictObject({ env: variable }), z.strictObject({ file: path })]);

/** https, ssh or a path; a password never stands in it. */
const remote = z
  .string()
  .max(1_000)
  .refine(
    text =>
      /^https:\/\/[A-Za-z0-9.-]+(:\d+)?\/[A-Za-z0-9._~/%+-]+$/.test(text) ||
      /^ssh:\/\/([A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?\/[A-Za-z0-9._~/%+-]+$/.test(text) ||
      /^[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9_~][A-Za-z0-9._~/%+-]*$/.test(text) ||
      path.safeParse(text).success,
    'not an https or ssh URL without a password, or an absolute path',
  );

const branch = z
  .string()
  .max(200)
  .regex(/^(?![-./])(?!.*(\.\.|\/\/|\/\.|\.\/|@\{))[A-Za-z0-9._/+@-]+(?<![./])(?<!\.lock)$/, 'not a branch name')
  .refine(name => name !== 'HEAD' && name !== '@', 'not a branch name');

const place = {
  remote: remote.describe(
    'The repository: https or ssh URL, or an absolute path. SSH uses the worker account’s own keys.',
  ),
  branch: branch.describe('The branch whose tree is what runs.'),
  credentials: z
    .strictObject({ username: z.string().regex(/^[^\0\n\r:]{1,200}$/), password: secretRef })
    .nullable()
    .default(null)
    .describe('For https: user name, and where the password or token lies.'),
};

const argv = z.tuple(
  [
    z
      .string()
      .max(255)
      .regex(/^(?!-)[A-Za-z0-9_.+@/-]+$/, 'not a program name or absolute path')
      .refine(name => !name.includes('/') || path.safeParse(name).success, 'not an absolute path without ..'),
  ],
  z
    .string()
    .max(8_000)
    .regex(/^[^\0]*$/),
);
const webUrl = z
  .string()
  .max(2_000)
  .refine(text => {
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  }, 'not an http or https URL without a password');

const deployShared = {
  cwd: path.nullable().default(null).describe('Working folder of the commands; the home folder unless set.'),
  env: z
    .record(variable, z.union([z.string().max(8_000), secretRef]))
    .refine(
      all => Object.entries(all).every(([name, one]) => typeof one !== 'string' || one === '' || !isSecretName(name)),
      'a value that looks secret is given by reference: {env: NAME} or {file: PATH}',
    )
    .default({}),
  observe: argv
    .nullable()
    .default(null)
    .describe('Looks whether BACKOUT_COMMIT (tree BACKOUT_TREE) is deployed: exit 0 yes, 1 no, other: unknown.'),
  idempotent: z.boolean().default(false).describe('Whether deploying twice is the same as deploying once.'),
  settle: duration.default('2m').describe('How long the deployment may take to show in `observe`.'),
  gap: z
    .union([z.literal('none'), z.literal('unknown'), duration])
    .default('unknown')
    .describe('What users feel of it: none, unknown, or a gap of about so long.'),
};

/** How the branch comes to run: a command, or a webhook of the pipeline's. */
const deploy = z.union([
  z.strictObject({ argv, ...deployShared }),
  z.strictObject({
    webhook: webUrl,
    token: secretRef.nullable().default(null).describe('Sent as a bearer token.'),
    ...deployShared,
  }),
]);

/** Input of `git.restore-release`. */
export const restoreInput = z.strictObject({
  ...place,
  author: z
    .strictObject({
      name: z.string().regex(/^[^\0\n\r<>]{1,100}$/),
      mail: z.string().regex(/^[^\0\s<>]{1,200}$/),
    })
    .default({ name: 'Backout', mail: 'backout@localhost' })
    .describe('In whose name the commit is made.'),
  deploy: deploy.nullable().default(null).describe('Brings the branch to run; unless set, pushing alone does.'),
});

/** Input of the release source `git.branch`. */
export const branchInput = z.strictObject({
  ...place,
  folder: path
    .nullable()
    .default(null)
    .describe('A deployed working folder: what is checked out there is live, not the tip of the branch.'),
  versionFile: z
    .string()
    .regex(/^(?![-/])(?!.*\.\.)[A-Za-z0-9._/-]{1,200}$/)
    .nullable()
    .default(null)
    .describe('JSON file in the repository whose `version` names the release; tags and short commits unless set.'),
});

/** Which branch of which repository. */
export type GitPlace = Pick<z.infer<typeof restoreInput>, 'remote' | 'branch' | 'credentials'>;
/** Input of `git.restore-release`, read. */
export type RestoreInput = z.infer<typeof restoreInput>;
/** How the branch comes to run. */
export type Deploy = z.infer<typeof deploy>;
