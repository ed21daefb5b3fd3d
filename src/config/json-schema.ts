import { z } from 'zod';
import { fileSchema } from './file-schema.ts';
import { type CatalogueTables, type JsonSchema, type KindEntry, writtenSchema } from './tables.ts';

const duration = { type: 'string', description: 'A duration: 90s, 10m, 1h30m, 2d' };
const text = { type: 'string' };

/** The JSON Schema of `backout.yaml` for editors, with every kind of step, check and release source there is. */
export function catalogueJsonSchema(tables: CatalogueTables): object {
  const base = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' });
  const checklist = {
    type: 'object',
    description: 'One check for each item of a named list: ticked by a person, or automatic where a check is given',
    properties: {
      checklist: { type: 'string', examples: tables.checklists.map(list => list.name) },
      automatic: { type: 'object', additionalProperties: { $ref: '#/$defs/check' } },
      without: { type: 'array', items: text },
    },
    required: ['checklist'],
    additionalProperties: false,
  };
  const step = { title: text, timeout: duration };
  return {
    ...base,
    title: 'backout.yaml',
    $defs: {
      ...base.$defs,
      step: { anyOf: tables.executors.map(entry => written(entry, step)) },
      check: { anyOf: [...tables.checks.map(entry => written(entry, { id: text, ...step })), checklist] },
      source: {
        anyOf: [
          { enum: tables.releaseSources.map(entry => entry.kind) },
          ...tables.releaseSources.map(entry => written(entry, {})),
        ],
      },
    },
  };
}

/** A single-key map of one kind. Nothing in its input is required here: `target.<vendor>` may say it. */
function written(entry: KindEntry, siblings: object): object {
  const { required: _required, ...input } = writtenSchema(entry.input) as JsonSchema & { $schema?: string };
  delete input.$schema;
  return {
    type: 'object',
    description: entry.summary,
    properties: { [entry.kind]: { ...input, description: entry.summary }, ...siblings },
    required: [entry.kind],
    additionalProperties: false,
  };
}
