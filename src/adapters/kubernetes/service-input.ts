import { z } from 'zod';
import { ownerFields } from '../../ports/owner-choice.ts';
import { objectName, whereFields } from './input.ts';

const part = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
/** A label's key, with or without a domain before it. */
export const labelKey = z
  .string()
  .max(253)
  .regex(new RegExp(`^([a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?/)?${part}$`), 'not a label key');
/** A label's value. */
export const labelValue = z.string().regex(new RegExp(`^${part}$`), 'not a label value');

/** Input of `kubernetes.service-selector`. */
export const serviceSelectorInput = z
  .strictObject({
    ...whereFields,
    ...ownerFields,
    service: objectName.describe('Name of the Service.'),
    selector: z
      .record(labelKey, labelValue)
      .describe("Labels to set in the Service's selector, e.g. {color: blue}; its other labels stay."),
    minReady: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(1)
      .describe('How many pods of the new selector must be ready before anything is switched.'),
  })
  .refine(input => Object.keys(input.selector).length > 0, 'names no label');
