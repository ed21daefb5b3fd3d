import { z } from 'zod';
import { ownerFields } from '../../ports/owner-choice.ts';
import { graceField, whereFields } from './input.ts';

const folder = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/, 'not a folder beside the catalogue');

/** Input of `kubernetes.apply`. */
export const applyInput = z.strictObject({
  ...whereFields,
  folder: folder.describe('Folder of manifests (.yaml, .yml, .json), as a path from the folder of the catalogue.'),
  force: z
    .boolean()
    .default(false)
    .describe('Whether fields that another manager applied are taken from it; a conflict is refused unless set.'),
  alsoNamespaces: z
    .array(whereFields.namespace)
    .default([])
    .describe('Further namespaces that a manifest may name, besides the one of the target.'),
  graceSeconds: graceField,
  ...ownerFields,
});
