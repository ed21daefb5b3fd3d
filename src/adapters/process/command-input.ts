import { z } from 'zod';
import { parseDuration } from '../../domain/duration.ts';
import { isSecretName } from '../../domain/secret.ts';

const path = z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{0,4000}$/, 'not an absolute path');
const duration = z
  .string()
  .max(20)
  .refine(text => parseDuration(text) !== null, 'not a duration such as 30s');

/** A program by its absolute path, or by a bare name that is looked up in the children's search path. */
const program = z
  .string()
  .max(255)
  .regex(/^(?!-)[A-Za-z0-9_.+@/-]+$/, 'not a program name or absolute path')
  .refine(name => !name.includes('/') || path.safeParse(name).success, 'not an absolute path without ..');
const argument = z
  .string()
  .max(8_000)
  .regex(/^[^\0]*$/, 'holds a NUL character');

/** Program and arguments; no shell reads them. */
const argvField = z.tuple([program], argument);

/** Where a secret lies. */
export const secretRef = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name') }),
  z.strictObject({ file: path }),
]);

/** The child's environment besides PATH, HOME and LANG; secrets only by reference. */
const environment = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name'), z.union([argument, secretRef]))
  .refine(
    all =>
      Object.entries(all).every(([name, value]) => typeof value !== 'string' || value === '' || !isSecretName(name)),
    'a value that looks secret is given by reference: {env: NAME} or {file: PATH}',
  )
  .default({})
  .describe('Environment besides PATH, HOME and LANG; a secret as {env: NAME} or {file: PATH}.');

const place = {
  cwd: path.nullable().default(null).describe('Working folder; the home folder unless set.'),
  env: environment,
};

/** Input of the step `command`. */
export const commandInput = z.strictObject({
  argv: argvField.describe('Program and arguments; no shell.'),
  ...place,
  title: z.string().max(200).nullable().default(null).describe('What it does, for people.'),
  observe: argvField
    .nullable()
    .default(null)
    .describe('Looks, changing nothing, whether the effect is there: exit 0 yes, 1 no, other: unknown.'),
  compareOutput: z
    .boolean()
    .default(false)
    .describe('Whether a change of what `observe` prints between plan and action asks for approval anew.'),
  settle: duration.default('30s').describe('How long the effect may take to show in `observe` after exit 0.'),
  idempotent: z.boolean().default(false).describe('Whether running it twice is the same as running it once.'),
  undo: argvField.nullable().default(null).describe('Puts the state before back.'),
  interruption: z
    .union([z.literal('none'), z.literal('unknown'), duration])
    .default('unknown')
    .describe('What users feel: none, unknown, or a gap of about so long.'),
  serves: z
    .boolean()
    .default(false)
    .describe('Whether, once it succeeded, the release it brings takes traffic: then nothing is put back by itself.'),
});

/** Input of the step `command`, read. */
export type CommandInput = z.infer<typeof commandInput>;

const expectation = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(200)
    .describe('Field of the JSON printed, by dots, e.g. flags.strictMode or items.0.state.'),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  atMost: z.number().optional(),
  atLeast: z.number().optional(),
});

/** Input of the check `command`. */
export const commandCheckInput = z.strictObject({
  argv: argvField.describe('Program and arguments; no shell.'),
  ...place,
  exitCode: z.number().int().min(0).max(255).default(0).describe('The exit code that passes.'),
  json: z.array(expectation).max(50).default([]).describe('Fields of the JSON printed that must fit.'),
  every: duration.default('5s').describe('How often it is asked while it does not pass.'),
  attempts: z.number().int().min(1).max(1_000).default(1).describe('How often it may not pass before it has failed.'),
});

/** Input of the check `command`, read. */
export type CommandCheckInput = z.infer<typeof commandCheckInput>;
