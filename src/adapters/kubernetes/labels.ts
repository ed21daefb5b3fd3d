import { z } from 'zod';

const labelKey = z
  .string()
  .regex(
    /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    'not the key of a label',
  );
const labelValue = z.string().regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'not the value of a label');

/** Labels that objects must all have to be meant. */
export const labelsField = z
  .record(labelKey, labelValue)
  .refine(labels => Object.keys(labels).length > 0, 'names no label');

/** Labels as a query of the API server. */
export function labelQuery(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? `?labelSelector=${encodeURIComponent(pairs.join(','))}` : '';
}
