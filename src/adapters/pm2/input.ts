import { z } from 'zod';
import { parseDuration } from '../../domain/duration.ts';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';

const path = z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{1,4000}$/, 'not an absolute path without ..');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name');
const setName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'not the name of a set');
const duration = z
  .string()
  .max(20)
  .refine(text => parseDuration(text) !== null, 'not a duration such as 5s');

/** One app by its whole name: no number, pattern, namespace or `all` that could mean others too. */
const appName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9._:@-]{0,127}$/, 'not an app name (numbers and patterns are refused)')
  .refine(name => name !== 'all', '`all` is refused: name one app');

/** Names that pm2 itself keeps among an app's settings: setting them would change the app, not its environment. */
const reserved = new Set(
  'name namespace args env exec_mode exec_interpreter instances node_args status pm_id pm_cwd pm_exec_path pm_uptime restart_time created_at unique_id watch cwd script uid gid username'.split(
    ' ',
  ),
);

const value = z.union([
  z
    .string()
    .max(8_000)
    .regex(/^[^\0]*$/, 'holds a NUL character')
    .refine(text => text !== 'null', 'pm2 takes the text null for nothing'),
  z.number(),
  z.boolean(),
  z.strictObject({ env: variable }),
  z.strictObject({ file: path }),
]);
const values = z
  .record(
    variable.refine(name => !reserved.has(name), 'a setting of pm2, no variable'),
    value,
  )
  .refine(
    all =>
      Object.entries(all).every(
        ([key, one]) => typeof one === 'object' || one === '' || !(isSecretName(key) || isSecretValue(String(one))),
      ),
    'a value that looks secret is given by reference: {env: NAME} or {file: PATH}',
  );

const place = {
  app: appName.describe('Name of the app in pm2.'),
  home: path.describe('Its PM2_HOME.'),
};
const stable = duration
  .default('3s')
  .describe('How long every instance must have been online, without a restart, to count as up.');

/** Input of `pm2.set-env`. */
export const setEnvInput = z
  .strictObject({
    ...place,
    set: values.default({}).describe('Variables to set, besides those of the named set.'),
    sets: z.record(setName, values).default({}).describe('Named sets of variables, such as normal and emergency.'),
    use: setName.nullable().default(null).describe('Which named set to take.'),
    stable,
  })
  .refine(input => input.use === null || Object.hasOwn(input.sets, input.use), 'uses a set that is not named in `sets`')
  .refine(input => Object.keys(input.set).length > 0 || input.use !== null, 'names no variable to set');

/** Input of `pm2.reload`. */
export const reloadInput = z.strictObject({ ...place, stable });

/** Input of the check `pm2.online`. */
export const onlineInput = z.strictObject({
  ...place,
  stable,
  instances: z.number().int().min(1).max(1_000).default(1).describe('How many instances there must be at least.'),
});

/** Input of the release source `pm2.app`. */
export const appInput = z.strictObject({
  ...place,
  versionEnv: variable
    .nullable()
    .default(null)
    .describe('Variable of the app that holds its version; the commit of its working folder unless set.'),
  identityEnv: z.array(variable).max(50).default([]).describe('Variables that make another release of the same code.'),
});

/** One value as the catalogue gives it. */
export type Pm2Value = z.infer<typeof value>;
/** Input of `pm2.set-env`, read. */
export type SetEnvInput = z.infer<typeof setEnvInput>;
