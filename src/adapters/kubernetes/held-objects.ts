import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { InformedKind } from './informer-kinds.ts';
import { texts } from './objects.ts';

/** The objects that an informer holds, each cut down to one text. */
export interface HeldObjects {
  /** Takes an object in the place of what was held of it. Throws where it is none. */
  put(object: unknown): void;
  remove(object: unknown): void;
  /** Takes a whole list in the place of all that was held. */
  replace(objects: readonly HeldObject[]): void;
  /** Cuts an object down, for `replace`. */
  cut(object: unknown): HeldObject;
  clear(): void;
  /** An object; `gone` where there is none, null where its content is not held. */
  get(name: string): JsonObject | 'gone' | null;
  /** The objects that have these labels, by name; null where the content of one is not held. */
  list(labels: readonly (readonly [string, string])[]): JsonObject[] | null;
  /** From now on the content of this object is held; `answer` is what the server gives of it now. */
  keep(name: string, answer: unknown): void;
  /** Calls back once, as soon as this object changes or goes. */
  hearOf(name: string, hear: () => void): void;
}

/** An object cut down; its text is null where its content is not held. */
export interface HeldObject {
  readonly name: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string | null;
}

const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().default(''), labels: texts }),
});
const pairOf = (key: string, value: string) => `${key}=${value}`;
const parsed = (text: string): JsonObject => JSON.parse(text);

/** What has which label, so that one workload's objects are found among those of a thousand. */
function createLabelIndex() {
  const names = new Map<string, Set<string>>();
  const pairsOf = ({ labels }: HeldObject) => Object.entries(labels).map(([key, value]) => pairOf(key, value));
  return {
    names,
    add(held: HeldObject): void {
      for (const pair of pairsOf(held)) {
        const bearing = names.get(pair) ?? new Set();
        names.set(pair, bearing.add(held.name));
      }
    },
    drop(held: HeldObject): void {
      for (const pair of pairsOf(held)) {
        const bearing = names.get(pair);
        bearing?.delete(held.name);
        if (bearing?.size === 0) names.delete(pair);
      }
    },
  };
}

/** Holds nothing yet. */
export function createHeldObjects(kind: Pick<InformedKind, 'cut' | 'how'>): HeldObjects {
  const objects = new Map<string, HeldObject>();
  const index = createLabelIndex();
  const wanted = new Set<string>();
  const hearers = new Map<string, Set<() => void>>();
  const tell = (name: string): void => {
    const told = hearers.get(name);
    hearers.delete(name);
    for (const hear of told ?? []) hear();
  };
  const cut = (object: unknown): HeldObject => {
    const { metadata } = objectSchema.parse(object);
    const { name, resourceVersion: version, labels } = metadata;
    const held = kind.how !== 'asked' || wanted.has(name);
    return { name, version, labels, text: held ? JSON.stringify(kind.cut(object as JsonObject)) : null };
  };
  const set = (held: HeldObject): void => {
    drop(held.name);
    objects.set(held.name, held);
    index.add(held);
  };
  const drop = (name: string): void => {
    const before = objects.get(name);
    if (before) index.drop(before);
    objects.delete(name);
  };
  const clear = (): void => {
    objects.clear();
    index.names.clear();
  };
  return {
    cut,
    clear,
    put: object => {
      const held = cut(object);
      set(held);
      tell(held.name);
    },
    remove: object => {
      const { name } = cut(object);
      drop(name);
      tell(name);
    },
    replace: all => {
      const before = new Map(objects);
      clear();
      for (const held of all) set(held);
      for (const name of [...hearers.keys()]) {
        if (before.size > 0 && before.get(name)?.version !== objects.get(name)?.version) tell(name);
      }
    },
    get: name => {
      const held = objects.get(name);
      if (!held) return 'gone';
      return held.text === null ? null : parsed(held.text);
    },
    list: labels => {
      const [first] = labels;
      const names = first ? (index.names.get(pairOf(...first)) ?? []) : objects.keys();
      const has = (held: HeldObject) => labels.every(([key, value]) => held.labels[key] === value);
      const found = [...names].sort().flatMap(name => objects.get(name) ?? []);
      const meant = found.filter(has).map(({ text }) => text);
      return meant.every(text => text !== null) ? meant.map(parsed) : null;
    },
    keep: (name, answer) => {
      wanted.add(name);
      const held = cut(answer);
      // What is heard of meanwhile may be newer: then its content is asked for once more.
      if (objects.get(name)?.version === held.version) set(held);
    },
    hearOf: (name, hear) => {
      hearers.set(name, (hearers.get(name) ?? new Set()).add(hear));
    },
  };
}

/** An answer of the API server's form. */
export const listOf = (items: readonly JsonObject[]): Json => ({ items: [...items] });
