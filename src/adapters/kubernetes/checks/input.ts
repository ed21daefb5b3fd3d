import { z } from 'zod';
import { namesOneWorkload, objectName, oneWorkload, variableName, variableValue, workloadFields } from '../input.ts';
import { duration, expectation, patience, portNumber, scheme, urlPath } from './fields.ts';

const container = objectName.nullable().default(null).describe('Its container; the main one unless set.');

/** Input of `kubernetes.pods`. */
export const podsInput = z
  .strictObject({
    ...workloadFields,
    steadyFor: duration
      .nullable()
      .default(null)
      .describe(
        'How long every container must have run without a restart; unless set, since the run began to change things.',
      ),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);

/** Input of `kubernetes.image`. */
export const imageInput = z
  .strictObject({
    ...workloadFields,
    image: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,500}$/, 'not an image')
      .nullable()
      .default(null)
      .describe('The image, with tag or digest, that pods must run; what the release of the run ran unless set.'),
    container,
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);

const hashText = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hex');

/** Input of `kubernetes.env`. */
export const envInput = z
  .strictObject({
    ...workloadFields,
    container,
    in: z
      .enum(['template', 'containers'])
      .default('template')
      .describe(
        'Where to look: in the pod template, or at what is really set in a container of every pod (by `exec`).',
      ),
    set: z
      .record(variableName, z.union([variableValue, z.strictObject({ sha256: hashText })]))
      .default({})
      .describe('Variables and what they must be set to: a text, {secret, key}, {configMap, key} or {sha256}.'),
    present: z.array(variableName).max(200).default([]).describe('Variables that must be set, to whatever.'),
    absent: z.array(variableName).max(200).default([]).describe('Variables that must not be set.'),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload)
  .refine(input => Object.keys(input.set).length + input.present.length + input.absent.length > 0, 'names no variable');

/** Input of `kubernetes.exec`. */
export const execInput = z
  .strictObject({
    ...workloadFields,
    container,
    argv: z
      .array(
        z
          .string()
          .max(4_000)
          .regex(/^[^\0]*$/, 'holds a NUL character'),
      )
      .min(1)
      .max(100)
      .describe('The command and its arguments, as they are: no shell reads them.'),
    pods: z.enum(['every', 'one']).default('every').describe('Whether it runs in every ready pod or in one of them.'),
    exitCode: z.number().int().min(0).max(255).default(0).describe('The exit code that is good.'),
    json: z.array(expectation).max(50).default([]).describe('Fields of the JSON it prints that must fit.'),
    contains: z.string().min(1).max(1_000).nullable().default(null).describe('Text that must stand in what it prints.'),
    timeout: duration.default('10s').describe('When one command is given up.'),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);

/** What a log line is matched with: a text that stands in it, or a regular expression from its beginning. */
export const linePattern = z.union([
  z.string().min(1).max(200),
  z.strictObject({
    regex: z
      .string()
      .min(2)
      .max(200)
      .regex(/^\^/, 'should begin with ^')
      .refine(text => !/\\[1-9]|\\k<|\(\?(?!:)/.test(text), 'back references and look-around are not taken')
      .refine(text => isRegex(text), 'not a regular expression')
      .describe('Matched from the beginning of the line; no back references, no look-around.'),
  }),
]);

function isRegex(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

/** Input of `kubernetes.logs-errors`. */
export const logsErrorsInput = z
  .strictObject({
    ...workloadFields,
    container,
    pattern: linePattern.describe('What an error line holds: a text, or {regex: ^…}.'),
    ignoreCase: z.boolean().default(false),
    except: z.array(z.string().min(1).max(200)).max(50).default([]).describe('Texts of lines that do not count.'),
    lines: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(1_000)
      .describe('How many of the last lines of every pod are read.'),
    since: z
      .enum(['run', 'ever'])
      .default('run')
      .describe('Whether only lines count that were written since the run began to change things.'),
    atMost: z.number().int().min(0).max(100_000).default(0).describe('How many such lines there may be in all.'),
    maySayNothing: z
      .boolean()
      .default(false)
      .describe('Whether a pod without any line is good; it proves nothing unless set.'),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);

/** Input of `kubernetes.metrics-text`. */
export const metricsTextInput = z
  .strictObject({
    ...workloadFields,
    port: portNumber.describe('Port of the pods that serves the metrics.'),
    path: urlPath.default('/metrics'),
    scheme,
    series: z
      .string()
      .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/, 'not the name of a series')
      .describe('Name of the series.'),
    labels: z
      .record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/, 'not a label name'), z.string().max(500))
      .default({})
      .describe('Labels that it must have, among others.'),
    atLeast: z.number().nullable().default(null).describe('The least that every such series may be.'),
    atMost: z.number().nullable().default(null).describe('The most that every such series may be.'),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);

const ratio = z.number().min(0).max(10);
const quantity = z
  .string()
  .regex(/^\d+(\.\d+)?(n|u|m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/, 'not a quantity such as 500m or 300Mi');

/** Input of `kubernetes.top`. */
export const topInput = z
  .strictObject({
    ...workloadFields,
    pods: z
      .strictObject({
        cpu: quantity.exactOptional().describe('The most CPU a pod may use, e.g. 500m.'),
        memory: quantity.exactOptional().describe('The most memory a pod may use, e.g. 300Mi.'),
        cpuOfLimit: ratio.exactOptional().describe('The most of its CPU limits a pod may use, e.g. 0.9.'),
        memoryOfLimit: ratio.exactOptional().describe('The most of its memory limits a pod may use, e.g. 0.9.'),
      })
      .default({}),
    nodes: z
      .strictObject({
        cpu: ratio.exactOptional().describe('The most of its CPU that a node under a pod may use, e.g. 0.95.'),
        memory: ratio.exactOptional().describe('The most of its memory that a node under a pod may use.'),
      })
      .default({}),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload)
  .refine(input => Object.keys(input.pods).length + Object.keys(input.nodes).length > 0, 'names no limit');

/** Input of `kubernetes.events`. */
export const eventsInput = z
  .strictObject({
    ...workloadFields,
    allow: z
      .array(z.string().regex(/^[A-Za-z0-9]{1,100}$/, 'not the reason of an event'))
      .max(100)
      .default(['Unhealthy'])
      .describe('Reasons of Warning events that do not count; a pod that starts fails its first probes.'),
    patience,
  })
  .refine(namesOneWorkload, oneWorkload);
