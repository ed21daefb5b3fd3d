import { z } from 'zod';
import { objectName, whereFields } from '../input.ts';
import { duration, expectation, patience, portName, portNumber, scheme, urlPath } from './fields.ts';

const labelText = z.string().regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/, 'not a label value');
const labelKey = z
  .string()
  .regex(/^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, 'not a label key');
const service = objectName.describe('Name of the Service.');

/** Input of `kubernetes.endpoints`. */
export const endpointsInput = z.strictObject({
  ...whereFields,
  service,
  atLeast: z.number().int().min(1).max(10_000).default(1).describe('How many ready endpoints there must be.'),
  labels: z
    .record(labelKey, labelText)
    .default({})
    .describe('Labels that the pod behind every ready endpoint must carry, e.g. {slot: blue}.'),
  patience,
});

const headerName = z
  .string()
  .regex(
    /^(?!(authorization|cookie|host|connection|upgrade)$)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/i,
    'not a header that can be sent through the API server',
  );

/** Input of `kubernetes.http`. */
export const httpInput = z.strictObject({
  ...whereFields,
  service,
  port: z
    .union([portNumber, portName])
    .nullable()
    .default(null)
    .describe('Port of the Service, by number or name; its only one unless set.'),
  scheme,
  path: urlPath.default('/'),
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  headers: z
    .record(headerName, z.string().regex(/^[\t\x20-\x7e]{0,4000}$/, 'not a header value'))
    .default({})
    .describe('Sent with it; no secrets.'),
  status: z
    .union([z.number().int().min(100).max(599), z.array(z.number().int().min(100).max(599)).min(1)])
    .default(200)
    .describe('The status, or statuses, that are good.'),
  json: z.array(expectation).max(50).default([]).describe('Fields of the JSON answered that must fit.'),
  contains: z.string().min(1).max(1_000).nullable().default(null).describe('Text that must stand in the body.'),
  header: z
    .record(z.string().max(100), z.string())
    .default({})
    .describe('Headers of the answer and what they must be.'),
  within: duration.nullable().default(null).describe('How long a good answer may take in all.'),
  timeout: duration.default('5s').describe('When a request is given up.'),
  times: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(3)
    .describe('How many good answers in a row pass; a bad one starts anew.'),
  every: duration.default('1s').describe('Time from one request to the next.'),
  failAfter: z.number().int().min(1).max(10_000).default(30).describe('How many bad answers in a row have failed.'),
  version: z
    .union([z.strictObject({ json: z.string().min(1).max(200) }), z.strictObject({ header: z.string().max(100) })])
    .nullable()
    .default(null)
    .describe('Where the answer says its version or commit: it must be that of the release gone back to.'),
});

/** Input of the step `kubernetes.http`: a step goes to no release whose version an answer could name. */
export const httpStepInput = httpInput.omit({ version: true });
