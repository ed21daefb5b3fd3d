import { z } from 'zod';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';
import { ownerFields } from '../../ports/owner-choice.ts';
import { objectName, whereFields } from './input.ts';

/** A key of a ConfigMap or Secret; none that a tool could take for a flag. */
export const dataKey = z
  .string()
  .regex(/^(?!\.\.)[._a-zA-Z0-9][-._a-zA-Z0-9]{0,252}$/, 'not a key of a ConfigMap or Secret');

const secretVariable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name');
const secretFile = z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{1,4000}$/, 'not an absolute path without ..');

/** Where the worker reads a value: an environment variable of its own, or a file. */
const valueReference = z.union([z.strictObject({ env: secretVariable }), z.strictObject({ file: secretFile })]);

/** A value of a ConfigMap: text, or where it is read. */
export const configValue = z.union([
  z
    .string()
    .max(65_536)
    .regex(/^[^\0]*$/, 'holds a NUL character'),
  valueReference,
]);

const removed = z.array(dataKey).default([]).describe('Keys to remove.');
const changesSomething = (input: { readonly set: object; readonly remove: readonly string[] }) =>
  Object.keys(input.set).length + input.remove.length > 0;
const changesOnce = (input: { readonly set: object; readonly remove: readonly string[] }) =>
  input.remove.every(key => !Object.hasOwn(input.set, key));

/** Input of `kubernetes.configmap`. */
export const configMapInput = z
  .strictObject({
    ...whereFields,
    ...ownerFields,
    configMap: objectName.describe('Name of the ConfigMap.'),
    set: z
      .record(dataKey, configValue)
      .refine(
        all =>
          Object.entries(all).every(
            ([key, value]) => typeof value === 'object' || value === '' || !(isSecretName(key) || isSecretValue(value)),
          ),
        'a value that looks secret is given by reference: {env: NAME} or {file: PATH}',
      )
      .default({})
      .describe('Keys to set; all others stay.'),
    remove: removed,
  })
  .refine(changesSomething, 'names no key to set or remove')
  .refine(changesOnce, 'sets and removes the same key');

/** Input of `kubernetes.secret`; its values stand in no catalogue. */
export const secretInput = z
  .strictObject({
    ...whereFields,
    ...ownerFields,
    secret: objectName.describe('Name of the Secret.'),
    set: z
      .record(dataKey, valueReference)
      .default({})
      .describe('Keys to set, each by where its value is read: {env: NAME} or {file: PATH}; all others stay.'),
    remove: removed,
  })
  .refine(changesSomething, 'names no key to set or remove')
  .refine(changesOnce, 'sets and removes the same key');
