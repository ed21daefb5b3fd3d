import type { CheckSpec, Locale } from '../domain/catalogue.ts';
import type { CatalogueFile } from './file-schema.ts';
import { type KindTable, readKind } from './kinds.ts';
import type { Layers, Placed } from './layers.ts';
import { hint } from './nearest.ts';
import type { Path, Reporter } from './problem.ts';
import { readText, readTimeout } from './siblings.ts';
import type { CatalogueTables } from './tables.ts';

const checkTimeoutMs = 5 * 60_000;
const manualTimeoutMs = 30 * 60_000;
const idPattern = /^[\w:@/+-]{1,80}$/;

/** What checks are read with. */
export interface CheckReading {
  readonly tables: CatalogueTables;
  readonly file: CatalogueFile;
  readonly layers: Layers;
  readonly locale: Locale;
  readonly report: Reporter;
}

/** Reads a list of checks; a `checklist` becomes one check for each of its items. Ids are unique beside those in `taken`. */
export function readChecks(
  written: Placed<readonly Readonly<Record<string, unknown>>[]>,
  reading: CheckReading,
  taken: Set<string>,
): readonly CheckSpec[] {
  return written.value.flatMap((check, index) => {
    const path = [...written.path, index];
    if (Object.hasOwn(check, 'checklist')) return readChecklist(check, path, reading, taken);
    const read = readCheck(check, path, null, reading, taken);
    return read ? [read] : [];
  });
}

function checkTable(tables: CatalogueTables): KindTable {
  return { noun: 'check', entries: tables.checks, siblings: ['id', 'title', 'timeout'] };
}

function readCheck(
  check: Readonly<Record<string, unknown>>,
  path: Path,
  item: { readonly id: string; readonly text: string } | null,
  reading: CheckReading,
  taken: Set<string>,
): CheckSpec | null {
  const { report } = reading;
  const read = readKind(check, path, checkTable(reading.tables), reading.layers, report);
  if (!read) return null;
  const { kind } = read.entry;
  const asked = readText(read.siblings.id, path, 'id', report);
  if (asked && !idPattern.test(asked))
    report.error([...path, 'id'], '`id` should be letters, digits, `_`, `:`, `@`, `/`, `+`, `-`');
  const id = asked ?? item?.id ?? freeId(kind.replaceAll('.', '-'), taken);
  if (taken.has(id)) report.error([...path, 'id'], `two checks of one run are called \`${id}\``);
  taken.add(id);
  const timeoutMs = readTimeout(
    read.siblings.timeout,
    path,
    kind === 'manual' ? manualTimeoutMs : checkTimeoutMs,
    report,
  );
  const title = readText(read.siblings.title, path, 'title', report) ?? item?.text ?? id;
  return { id, title, kind, input: read.input, timeoutMs };
}

function freeId(base: string, taken: ReadonlySet<string>): string {
  for (let number = 2, id = base; ; number += 1) {
    if (!taken.has(id)) return id;
    id = `${base}-${number}`;
  }
}

/** `checklist: level-1`, with `automatic: {item: check}` for items a machine can look at and `without: [item]` for those that do not apply. */
function readChecklist(
  written: Readonly<Record<string, unknown>>,
  path: Path,
  reading: CheckReading,
  taken: Set<string>,
): readonly CheckSpec[] {
  const { report } = reading;
  const name = String(written.checklist);
  const items = itemsOf(name, reading);
  if (!items) {
    const known = [...Object.keys(reading.file.checklists), ...reading.tables.checklists.map(list => list.name)];
    report.error([...path, 'checklist'], `unknown checklist \`${name}\`${hint(name, known)}`);
    return [];
  }
  const siblings = ['checklist', 'automatic', 'without'];
  for (const key of Object.keys(written)) {
    if (!siblings.includes(key)) report.error([...path, key], `unknown key \`${key}\`${hint(key, siblings)}`, 'key');
  }
  const automatic = asMap(written.automatic);
  const without = Array.isArray(written.without) ? written.without.map(String) : [];
  const ids = items.map(item => item.id);
  for (const [at, id] of [
    ...without.map((one, index) => [index, one] as const),
    ...Object.keys(automatic).map(one => [one, one] as const),
  ]) {
    if (ids.includes(id)) continue;
    const place = [...path, typeof at === 'number' ? 'without' : 'automatic', at];
    report.error(place, `checklist \`${name}\` has no item \`${id}\`${hint(id, ids)}`, 'key');
  }
  return items.flatMap(item => {
    if (without.includes(item.id)) return [];
    const named = { id: `${name}:${item.id}`, text: item.text };
    const check = automatic[item.id];
    const read = check
      ? readCheck(asMap(check), [...path, 'automatic', item.id], named, reading, taken)
      : readCheck({ manual: {} }, path, named, reading, taken);
    return read ? [read] : [];
  });
}

function itemsOf(name: string, { file, tables, locale }: CheckReading): readonly { id: string; text: string }[] | null {
  const own = file.checklists[name];
  if (own) return Object.entries(own).map(([id, text]) => ({ id, text }));
  const list = tables.checklists.find(known => known.name === name);
  return list?.items.map(item => ({ id: item.id, text: item.text[locale] })) ?? null;
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
