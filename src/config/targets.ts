import type { Locale, Runbook, Service, TargetSpec } from '../domain/catalogue.ts';
import { targetId } from '../domain/ids.ts';
import { readChecks } from './checks.ts';
import type { CatalogueFile, Layer } from './file-schema.ts';
import { checkTarget, type KindTable, type ReadKind, readKind } from './kinds.ts';
import { type Layers, layersOf, type Placed } from './layers.ts';
import { hint } from './nearest.ts';
import { checkRole } from './people.ts';
import type { Path, Reporter } from './problem.ts';
import { checkScenarios } from './rules.ts';
import { readText, readTimeout } from './siblings.ts';
import type { CatalogueTables } from './tables.ts';

const minute = 60_000;
const stepTimeoutMs = 10 * minute;
const soakMs = 60 * minute;
const lookBackMs = 120 * minute;
/** Time to recover by level where the catalogue names none (inventory 6). */
const rtoMs = { 1: 5 * minute, 2: 15 * minute, 3: 60 * minute, 4: 240 * minute } as const;
/** Words that commands begin with or are built of: a service of that name could not be typed. */
const commandWords =
  'start status history candidates show cancel resolve undo grade hold release-hold freeze unfreeze doctor reload help gate in to because level strategy'.split(
    ' ',
  );

/** What targets are read with. */
interface Reading {
  readonly tables: CatalogueTables;
  readonly file: CatalogueFile;
  readonly report: Reporter;
  /** Whether wrong parts of the file were left out: what is missing then proves nothing. */
  readonly damaged: boolean;
}

/** Reads all services with their targets; tells of everything wrong in them. */
export function readServices(
  tables: CatalogueTables,
  file: CatalogueFile,
  report: Reporter,
  damaged = false,
): Readonly<Record<string, Service>> {
  const reading = { tables, file, report, damaged };
  checkNames(file, report);
  checkTargets(reading);
  return Object.fromEntries(
    Object.entries(file.services).map(([name, service]) => {
      const path = ['services', name];
      if (service.owners !== undefined) checkRole(service.owners, [...path, 'owners'], file, report);
      const environments = Object.entries(service.environments).map(([environment, own]) => {
        const place = [...path, 'environments', environment];
        const layers = layersOf([
          { value: own, path: place },
          { value: service, path },
          { value: file.defaults, path: ['defaults'] },
        ]);
        return [environment, readTarget(name, environment, place, layers, reading)] as const;
      });
      const { aliases, owners } = service;
      return [name, { name, aliases, owners: owners ?? null, environments: Object.fromEntries(environments) }];
    }),
  );
}

function checkNames(file: CatalogueFile, report: Reporter): void {
  const owners = new Map<string, string>();
  for (const name of Object.keys(file.services)) owners.set(name.toLowerCase(), name);
  if (owners.size === 0) report.error(['services'], '`services` should name at least one service', 'key');
  for (const [name, service] of Object.entries(file.services)) {
    if (commandWords.includes(name.toLowerCase()))
      report.error(['services', name], `a service cannot be called \`${name}\`: it is a word of the commands`, 'key');
    for (const [index, alias] of service.aliases.entries()) {
      const path = ['services', name, 'aliases', index];
      const owner = owners.get(alias.toLowerCase());
      if (owner) report.error(path, `\`${alias}\` already means \`${owner}\``);
      else owners.set(alias.toLowerCase(), name);
      if (commandWords.includes(alias.toLowerCase())) report.error(path, `\`${alias}\` is a word of the commands`);
    }
  }
}

/** Looks at every `target` once, wherever it is written. */
function checkTargets({ file, tables, report }: Reading): void {
  const entries = [...tables.executors, ...tables.checks, ...tables.releaseSources];
  const look = (layer: Layer, path: Path) => {
    if (layer.target) checkTarget(layer.target, [...path, 'target'], entries, report);
  };
  look(file.defaults, ['defaults']);
  for (const [name, service] of Object.entries(file.services)) {
    look(service, ['services', name]);
    for (const [environment, own] of Object.entries(service.environments))
      look(own, ['services', name, 'environments', environment]);
  }
}

function readTarget(service: string, environment: string, path: Path, layers: Layers, reading: Reading): TargetSpec {
  const { file, report } = reading;
  const locale: Locale = layers.pick('locale')?.value ?? file.locale;
  const checking = { ...reading, layers, locale };
  const taken = new Set<string>();
  const checks = readChecks(layers.pick('checks') ?? { value: [], path }, checking, taken);
  const runbooks = layers.runbooks().map(runbook => readRunbook(runbook, layers, checking, taken));
  if (runbooks.length === 0 && !reading.damaged)
    report.error(path, `${service} in ${environment} has no runbook`, 'key');
  const unchecked = (layers.pick('checks')?.value ?? []).length === 0;
  if (unchecked && layers.runbooks().some(runbook => runbook.value.checks.length === 0))
    report.warn(path, `${service} in ${environment} has runs without any check: they can never be verified`, 'key');
  const source = readSource(layers, reading);
  const runsOn = layers.pick('runsOn')?.value ?? null;
  const local = hostLocalKinds(runbooks, checks, source, reading.tables);
  if (local.length > 0 && !runsOn && !reading.damaged)
    report.error(
      path,
      `\`runsOn\` is missing: ${local.map(kind => `\`${kind}\``).join(', ')} acts on the host of one worker`,
      'key',
    );
  return {
    target: targetId(service, environment),
    service,
    environment,
    mode: layers.pick('mode')?.value ?? 'observe',
    channel: readChannel(layers.pick('channel'), file, report),
    locale,
    runsOn,
    releaseSource: source,
    soakMs: layers.release('soak')?.value ?? soakMs,
    lookBackMs: layers.release('lookBack')?.value ?? lookBackMs,
    checks,
    runbooks,
  };
}

/** Reads a channel by its name in `channels`, or the ops channel where none is named. */
export function readChannel(said: Placed<string> | null, file: CatalogueFile, report: Reporter): string {
  const { value, path } = said ?? { value: file.opsChannel, path: ['opsChannel'] };
  const id = Object.hasOwn(file.channels, value) ? file.channels[value] : undefined;
  if (id === undefined) report.error(path, `unknown channel \`${value}\`${hint(value, Object.keys(file.channels))}`);
  return id ?? '';
}

function readSource(layers: Layers, { tables, report }: Reading): TargetSpec['releaseSource'] {
  const said = layers.release('source');
  if (!said) return null;
  const table: KindTable = { noun: 'release source', entries: tables.releaseSources, siblings: [] };
  const written = typeof said.value === 'string' ? { [said.value]: {} } : said.value;
  const read = readKind(written, said.path, table, layers, report);
  return read ? { kind: read.entry.kind, input: read.input } : null;
}

function readRunbook(
  { id, value, path }: Placed<NonNullable<Layer['runbooks']>[string]> & { readonly id: string },
  layers: Layers,
  checking: Parameters<typeof readChecks>[1],
  taken: ReadonlySet<string>,
): Runbook {
  const { tables, file, report } = checking;
  checkScenarios(value.scenarios, [...path, 'scenarios'], file, report);
  const table: KindTable = { noun: 'step', entries: tables.executors, siblings: ['title', 'timeout'] };
  const claimed = new Map<string, number>();
  const steps = value.steps.flatMap((step, index) => {
    const place = [...path, 'steps', index];
    const read = readKind(step, place, table, layers, report);
    if (!read) return [];
    checkClaims(read, [...place, read.entry.kind], claimed, report);
    const title = readText(read.siblings.title, place, 'title', report);
    const timeoutMs = readTimeout(read.siblings.timeout, place, stepTimeoutMs, report);
    return [{ kind: read.entry.kind, title, input: read.input, timeoutMs }];
  });
  return {
    id,
    level: value.level,
    strategy: value.strategy ?? id,
    title: value.title ?? id,
    scenarios: value.scenarios ?? null,
    steps,
    checks: readChecks({ value: value.checks, path: [...path, 'checks'] }, checking, new Set(taken)),
    onFailure: value.onFailure,
    rtoMs: value.rto ?? layers.pick('rto')?.value ?? rtoMs[value.level],
  };
}

/** Each step is planned on the state of now: of two that change the same the later one would stop half-way. */
function checkClaims({ entry, input }: ReadKind, place: Path, claimed: Map<string, number>, report: Reporter): void {
  const index = Number(place.at(-2));
  for (const claim of entry.claims?.(input) ?? []) {
    const first = claimed.get(claim);
    if (first === undefined) claimed.set(claim, index);
    else
      report.error(
        place,
        `steps ${first + 1} and ${index + 1} both change ${claim}: put both into one step, or each into a runbook of its own`,
        'key',
      );
  }
}

function hostLocalKinds(
  runbooks: readonly Runbook[],
  checks: TargetSpec['checks'],
  source: TargetSpec['releaseSource'],
  tables: CatalogueTables,
): readonly string[] {
  const local = (entries: readonly { kind: string; hostLocal: boolean }[]) => (used: { readonly kind: string }) =>
    entries.some(entry => entry.kind === used.kind && entry.hostLocal);
  const kinds = [
    ...runbooks.flatMap(runbook => runbook.steps).filter(local(tables.executors)),
    ...[...checks, ...runbooks.flatMap(runbook => runbook.checks)].filter(local(tables.checks)),
    ...(source ? [source].filter(local(tables.releaseSources)) : []),
  ];
  return [...new Set(kinds.map(({ kind }) => kind))];
}
