import { z } from 'zod';
import { parseDuration } from '../../domain/duration.ts';

const duration = z
  .string()
  .max(20)
  .refine(text => parseDuration(text) !== null, 'not a duration such as 5s');
const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'not a header name');
const headerValue = z.string().regex(/^[\t\x20-\x7e\x80-\xff]{0,4000}$/, 'not a header value');
const secretRef = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, 'not a variable name') }),
  z.strictObject({ file: z.string().regex(/^(?!.*\/\.\.?(\/|$))\/[^\0\n\r]{1,4000}$/, 'not an absolute path') }),
]);

const expectation = z.strictObject({
  path: z.string().min(1).max(200).describe('Field of the JSON, by dots, e.g. flags.strictMode or items.0.state.'),
  equals: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  atMost: z.number().optional(),
  atLeast: z.number().optional(),
});

/** Input of the check `http`. */
export const httpCheckInput = z.strictObject({
  url: z
    .string()
    .max(2_000)
    .refine(text => {
      const url = URL.canParse(text) ? new URL(text) : null;
      return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
    }, 'not an http or https URL without a password'),
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  headers: z
    .record(headerName, z.union([headerValue, secretRef]))
    .refine(
      all =>
        Object.entries(all).every(
          ([name, one]) => typeof one !== 'string' || !/^(authorization|cookie|.*-(key|token|secret))$/i.test(name),
        ),
      'a header that looks secret is given by reference: {env: NAME} or {file: PATH}',
    )
    .default({})
    .describe('Sent with it; a secret as {env: NAME} or {file: PATH}.'),
  status: z
    .union([z.number().int().min(100).max(599), z.array(z.number().int().min(100).max(599)).min(1)])
    .default(200)
    .describe('The status, or statuses, that are good; a redirect is not followed.'),
  json: z.array(expectation).max(50).default([]).describe('Fields of the JSON answered that must fit.'),
  contains: z.string().min(1).max(1_000).nullable().default(null).describe('Text that must stand in the body.'),
  header: z.record(headerName, z.string()).default({}).describe('Headers of the answer and what they must be.'),
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
    .union([z.strictObject({ json: z.string().min(1).max(200) }), z.strictObject({ header: headerName })])
    .nullable()
    .default(null)
    .describe('Where the answer says its version or commit: it must be that of the release gone back to.'),
});

/** Input of the check `http`, read. */
export type HttpCheckInput = z.infer<typeof httpCheckInput>;
