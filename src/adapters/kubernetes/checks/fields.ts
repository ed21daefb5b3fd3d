import { z } from 'zod';
import { parseDuration } from '../../../domain/duration.ts';

/** A length of time. */
export const duration = z
  .string()
  .max(20)
  .refine(text => parseDuration(text) !== null, 'not a duration such as 30s');

/** How long what is wrong may last. */
export const patience = duration
  .default('30s')
  .describe('How long what is wrong may last, without a break, before the check has failed.');
/** A field of an answer and what it must be. */
export const expectation = z.strictObject({
  path: z.string().min(1).max(200).describe('Field of the JSON, by dots, e.g. flags.strictMode or items.0.state.'),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).exactOptional(),
  atMost: z.number().exactOptional(),
  atLeast: z.number().exactOptional(),
});

/** A port by name. */
export const portName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/, 'not a port name');
/** A port by number. */
export const portNumber = z.number().int().min(1).max(65_535);
/** A path with its query, as it is sent. */
export const urlPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]{0,1000}$/, 'not a path')
  .refine(text => !/(^|\/)\.\.?(\/|\?|$)/.test(text), 'holds . or ..');
/** How something behind the API server is spoken to. */
export const scheme = z
  .enum(['http', 'https'])
  .default('http')
  .describe('How the pod is spoken to behind the API server.');
