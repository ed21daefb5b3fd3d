import { z } from 'zod';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';

const path = z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{1,4000}$/, 'not an absolute path without ..');
const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name');
const setName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'not the name of a set');

/** A value: text, number, yes or no; a secret by reference. */
const value = z.union([
  z
    .string()
    .max(8_000)
    .regex(/^\P{Cc}*$/u, 'holds a line end or another control character'),
  z.number(),
  z.boolean(),
  z.strictObject({ env: name }),
  z.strictObject({ file: path }),
]);

const values = z
  .record(name, value)
  .refine(
    all =>
      Object.entries(all).every(
        ([key, one]) => typeof one === 'object' || one === '' || !(isSecretName(key) || isSecretValue(String(one))),
      ),
    'a value that looks secret is given by reference: {env: NAME} or {file: PATH}',
  );

/** Input of `env-file.set`. */
export const envFileInput = z
  .strictObject({
    file: path.describe('The env file; a symlink is followed and kept.'),
    set: values.default({}).describe('Variables to set, besides those of the named set.'),
    sets: z.record(setName, values).default({}).describe('Named sets of variables, such as normal and emergency.'),
    use: setName.nullable().default(null).describe('Which named set to take.'),
  })
  .refine(input => input.use === null || Object.hasOwn(input.sets, input.use), 'uses a set that is not named in `sets`')
  .refine(input => Object.keys(input.set).length > 0 || input.use !== null, 'names no variable to set');

/** Input of `env-file.set`, read. */
export type EnvFileInput = z.infer<typeof envFileInput>;

/** One value as the catalogue gives it. */
export type EnvFileValue = z.infer<typeof value>;
