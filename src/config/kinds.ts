import type { JsonObject } from '../domain/json.ts';
import { reportIssues } from './issues.ts';
import type { Layers } from './layers.ts';
import { hint } from './nearest.ts';
import type { Path, Reporter } from './problem.ts';
import { inputKeys, type KindEntry, vendorOf, writtenSchema } from './tables.ts';

/** One step, check or source as it was written, with its input complete and valid. */
export interface ReadKind {
  readonly entry: KindEntry;
  readonly input: JsonObject;
  /** The optional keys beside the kind, as written. */
  readonly siblings: Readonly<Record<string, unknown>>;
}

/** What is being read: the word for it in messages, the kinds there are, and the keys that may stand beside the kind. */
export interface KindTable {
  readonly noun: 'step' | 'check' | 'release source';
  readonly entries: readonly KindEntry[];
  readonly siblings: readonly string[];
}

/** Reads a single-key map `{kind: input, …siblings}`; what `target.<vendor>` says is laid under the input. Null where it is told to be wrong. */
export function readKind(
  written: Readonly<Record<string, unknown>>,
  path: Path,
  table: KindTable,
  layers: Layers,
  report: Reporter,
): ReadKind | null {
  const kind = kindOf(written, path, table, report);
  const entry = table.entries.find(known => known.kind === kind);
  if (kind === null) return null;
  if (!entry) {
    const known = table.entries.map(one => one.kind);
    report.error([...path, kind], `unknown ${table.noun} \`${kind}\`${hint(kind, known)}`, 'key');
    return null;
  }
  const own = written[kind] ?? {};
  if (typeof own !== 'object' || Array.isArray(own)) {
    report.error([...path, kind], `\`${kind}\` should be a map of its settings`);
    return null;
  }
  const input = readInput(own as Record<string, unknown>, [...path, kind], entry, layers, report);
  const siblings = Object.fromEntries(Object.entries(written).filter(([key]) => key !== kind));
  return input ? { entry, input, siblings } : null;
}

function kindOf(
  written: Readonly<Record<string, unknown>>,
  path: Path,
  table: KindTable,
  report: Reporter,
): string | null {
  const { noun, entries, siblings } = table;
  const others = Object.keys(written).filter(key => !siblings.includes(key));
  const known = others.filter(key => entries.some(entry => entry.kind === key));
  const [kind] = known.length > 0 ? known : others;
  if (kind === undefined) {
    report.error(path, `this ${noun} names no kind`);
    return null;
  }
  for (const extra of others) {
    if (extra === kind) continue;
    const twice = known.includes(extra);
    const message = twice
      ? `one ${noun} has one kind, and \`${kind}\` stands here already`
      : `unknown key \`${extra}\`${hint(extra, siblings)}`;
    report.error([...path, extra], message, 'key');
  }
  return kind;
}

function readInput(
  own: Readonly<Record<string, unknown>>,
  path: Path,
  entry: KindEntry,
  layers: Layers,
  report: Reporter,
): JsonObject | null {
  const keys = inputKeys(entry);
  const under = layers.vendor(vendorOf(entry.kind));
  const replaced = replacedKeys(entry, Object.keys(own));
  const value: Record<string, unknown> = {};
  for (const [key, placed] of Object.entries(under)) {
    if ((!keys || keys.includes(key)) && !replaced.has(key)) value[key] = placed.value;
  }
  let wrong = false;
  for (const [key, said] of Object.entries(own)) {
    if (!keys || keys.includes(key)) value[key] = said;
    else {
      wrong = true;
      report.error([...path, key], `unknown key \`${key}\`${hint(key, keys)}`, 'key');
    }
  }
  const read = entry.input.safeParse(value);
  if (read.success) return wrong ? null : (JSON.parse(JSON.stringify(read.data)) as JsonObject);
  const where = (inner: Path): Path => {
    const [first, ...rest] = inner;
    const placed = first !== undefined && !Object.hasOwn(own, first) ? under[first] : undefined;
    return placed ? [...placed.path, ...rest] : [...path, ...inner];
  };
  reportIssues(read.error.issues, { base: path, value, schema: writtenSchema(entry.input), where }, report);
  return null;
}

/** Keys of the target that give way, because the step names something `insteadOf` them. */
function replacedKeys(entry: KindEntry, own: readonly string[]): ReadonlySet<string> {
  const { properties } = writtenSchema(entry.input);
  return new Set(own.flatMap(key => properties?.[key]?.insteadOf ?? []));
}

/** Tells of vendors and settings under `target` that no kind reads. */
export function checkTarget(
  target: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  path: Path,
  entries: readonly KindEntry[],
  report: Reporter,
): void {
  const vendors = [...new Set(entries.map(entry => vendorOf(entry.kind)))];
  for (const [vendor, settings] of Object.entries(target)) {
    const own = entries.filter(entry => vendorOf(entry.kind) === vendor);
    if (own.length === 0) {
      report.error([...path, vendor], `unknown vendor \`${vendor}\`${hint(vendor, vendors)}`, 'key');
      continue;
    }
    const keys = own.map(inputKeys);
    if (keys.includes(null)) continue;
    const known = [...new Set(keys.flatMap(some => some ?? []))];
    for (const key of Object.keys(settings)) {
      if (known.includes(key)) continue;
      report.error([...path, vendor, key], `nothing of \`${vendor}\` reads \`${key}\`${hint(key, known)}`, 'key');
    }
  }
}
