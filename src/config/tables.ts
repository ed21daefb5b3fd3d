import { type ZodType, z } from 'zod';
import type { Locale } from '../domain/catalogue.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Level } from '../domain/level.ts';

/** What the catalogue has to know of one kind of step, check or release source; the executor, check and source tables hold more. */
export interface KindEntry {
  readonly kind: string;
  readonly input: ZodType<JsonObject>;
  readonly summary: string;
  /** Whether it acts on one host, so that the target needs `runsOn`. */
  readonly hostLocal: boolean;
  /** What a step with this input changes from the state it is planned on: no other step of its runbook may claim the same. */
  readonly claims?: (input: JsonObject) => readonly string[];
}

/** A named list of things to look at after a rollback, in every language; `id` is unique within the list. */
export interface Checklist {
  readonly name: string;
  readonly level: Level | null;
  readonly items: readonly { readonly id: string; readonly text: Readonly<Record<Locale, string>> }[];
}

/** All that a catalogue may name. */
export interface CatalogueTables {
  readonly executors: readonly KindEntry[];
  readonly checks: readonly KindEntry[];
  readonly releaseSources: readonly KindEntry[];
  readonly checklists: readonly Checklist[];
}

/** The vendor part of a kind: `kubernetes.set-env` → `kubernetes`; what stands under `target.kubernetes` goes into it. */
export function vendorOf(kind: string): string {
  const dot = kind.indexOf('.');
  return dot < 0 ? kind : kind.slice(0, dot);
}

/** JSON Schema as far as it is read here. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  /** Ours: keys of the target that this one replaces where a step names it. */
  readonly insteadOf?: readonly string[];
}

const drawn = new WeakMap<ZodType, JsonSchema>();

/** The JSON Schema of what may be written for a zod schema; drawn once. */
export function writtenSchema(schema: ZodType): JsonSchema {
  const known = drawn.get(schema);
  if (known) return known;
  const made = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  drawn.set(schema, made);
  return made;
}

/** The keys that may be written at a place of a schema; null where any may. */
export function keysAt(root: JsonSchema, path: readonly (string | number)[]): readonly string[] | null {
  let at: readonly JsonSchema[] = unfold(root, root);
  for (const part of path) {
    at = at.flatMap(schema => {
      const below = schema.properties?.[part] ?? (typeof part === 'number' ? schema.items : undefined);
      const other = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      const next = below ?? other;
      return next ? unfold(root, next) : [];
    });
  }
  const free = at.some(
    schema => schema.additionalProperties === true || typeof schema.additionalProperties === 'object',
  );
  const keys = at.flatMap(schema => Object.keys(schema.properties ?? {}));
  return free || keys.length === 0 ? null : [...new Set(keys)];
}

function unfold(root: JsonSchema, schema: JsonSchema): readonly JsonSchema[] {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const target = schema.$ref === '#' ? root : root.$defs?.[name];
    return target ? unfold(root, target) : [];
  }
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...branches.flatMap(branch => unfold(root, branch))].filter(
    one => one.properties || one.items || one.additionalProperties !== undefined,
  );
}

/** Whether keys that a kind's input does not name are allowed in it. */
export function inputKeys(entry: KindEntry): readonly string[] | null {
  return keysAt(writtenSchema(entry.input), []);
}
