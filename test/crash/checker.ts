import { expect } from 'vitest';
import type { RedisConnection } from '../../src/adapters/redis/connection.ts';
import { keys } from '../../src/adapters/redis/keys.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import type { RunId, TargetId } from '../../src/domain/ids.ts';
import { spanOf } from '../../src/domain/plan.ts';
import type { RunWithLog } from '../../src/domain/run.ts';
import { isFinal, type RunStatus, transitions } from '../../src/domain/status.ts';
import type { Effect } from '../fakes/target.ts';

/** A run at one moment: its log, what its record caches, and which run its target is reserved for. */
export interface Snapshot extends RunWithLog {
  readonly cachedStatus: string | null;
  readonly cachedVersion: number;
  readonly reservedFor: string | null;
}

/** Reads a run's log, record and reservation in one step; throws while Redis is away. */
export async function snapshot(connection: RedisConnection, id: RunId, target: TargetId): Promise<Snapshot> {
  const { redis, confirmed } = connection;
  const asked = redis
    .multi()
    .lrange(keys.log(id), 0, -1)
    .hmget(keys.run(id), 'status', 'version')
    .get(keys.target(target));
  const [log, record, reserved] = ((await confirmed(asked.exec())) ?? []).map(([, reply]) => reply);
  const events = (log as string[]).map(line => JSON.parse(line) as RunEvent);
  const [cachedStatus = null, version] = record as (string | null)[];
  const reservedFor = reserved as string | null;
  return { run: foldRun(id, events), events, cachedStatus, cachedVersion: Number(version), reservedFor };
}

/** The one checker of all crash suites, over a run's journal and the target's effects (invariants I1-I5, I9, I12). Answers every violation in words. */
export function violations(found: Snapshot, effects: readonly Effect[]): readonly string[] {
  const { run, events } = found;
  return [
    ...legal(events),
    ...cached(found),
    ...journal(found),
    ...fences(events),
    ...effectsOnce(run.id, effects),
    ...effectsMatch(found, effects),
  ].map(problem => `${run.id} (${run.status}): ${problem}`);
}

/** I1: only legal transitions, versions without a gap, final states never left. */
function legal(events: readonly RunEvent[]): string[] {
  const problems: string[] = [];
  let status: RunStatus | null = null;
  for (const [at, event] of events.entries()) {
    if (event.version !== at + 1) problems.push(`event ${at} has version ${event.version}`);
    const to = 'status' in event ? event.status : undefined;
    if (!to) continue;
    const again = event.kind === 'preflight-started' && status === 'preflight';
    const before: RunStatus | null = status;
    const next: readonly RunStatus[] = before === null ? [to] : transitions[before];
    if (!again && !next.includes(to)) problems.push(`${status} → ${to} is not legal`);
    status = to;
  }
  return problems;
}

/** I2: the log's fold is what the record hash says; I5, I12: a run that is over reserves nothing, an open one does. */
function cached({ run, cachedStatus, cachedVersion, reservedFor }: Snapshot): string[] {
  const same = cachedStatus === run.status && cachedVersion === run.version;
  const reserves = reservedFor === run.id;
  return [
    ...(same ? [] : [`the record says ${cachedStatus} ${cachedVersion}, the log ${run.status} ${run.version}`]),
    ...(reserves === isFinal(run.status) ? [`its target is reserved for ${reservedFor}`] : []),
  ];
}

/** I3: at most one outcome for an operation, only after it was begun, and that after all outcomes of the operations before its group. */
function journal({ run, events }: RunWithLog): string[] {
  const operations = run.plan?.operations ?? [];
  const begun = new Set<string>();
  const ended = new Set<string>();
  const problems: string[] = [];
  for (const event of events) {
    if (event.kind === 'operation-begun') {
      const name = `${event.phase}/${event.index}`;
      begun.add(name);
      if (ended.has(name)) problems.push(`${name} was begun after its outcome`);
      const { first } = spanOf(operations, event.index);
      for (const { index } of event.phase === 'apply' ? operations.slice(0, first) : [])
        if (!ended.has(`apply/${index}`)) problems.push(`${name} was begun before the outcome of ${index}`);
    }
    if (event.kind !== 'operation-ended') continue;
    const name = `${event.phase}/${event.index}`;
    if (!begun.has(name)) problems.push(`${name} ended without a beginning`);
    if (ended.has(name)) problems.push(`${name} has two outcomes`);
    ended.add(name);
  }
  return problems;
}

/** I4: fences only grow; a write with an older one is a late write. */
function fences(events: readonly RunEvent[]): string[] {
  let highest = 0;
  const problems: string[] = [];
  for (const event of events) {
    if (!('fence' in event) || event.kind === 'late-write') continue;
    if (event.fence < highest) problems.push(`${event.kind} with fence ${event.fence} after ${highest}`);
    highest = Math.max(highest, event.fence);
  }
  return problems;
}

/** I9: no operation took effect twice. */
function effectsOnce(run: RunId, effects: readonly Effect[]): string[] {
  const count = new Map<string, number>();
  for (const { key } of effects) if (key.startsWith(`${run}/`)) count.set(key, (count.get(key) ?? 0) + 1);
  return [...count].filter(([, times]) => times > 1).map(([key, times]) => `${key} took effect ${times} times`);
}

/** I9: none is missing, and nothing that was never begun took effect. */
function effectsMatch({ run, events }: RunWithLog, effects: readonly Effect[]): string[] {
  const seen = new Set(effects.filter(({ key }) => key.startsWith(`${run.id}/`)).map(({ key }) => key));
  const begun = new Set(
    events.flatMap(event => (event.kind === 'operation-begun' ? [`${run.id}/${event.phase}/${event.index}`] : [])),
  );
  const applied = events.flatMap(event =>
    event.kind === 'operation-ended' && (event.how === 'applied' || event.how === 'adopted')
      ? [`${run.id}/${event.phase}/${event.index}`]
      : [],
  );
  return [
    ...[...seen].filter(key => !begun.has(key)).map(key => `${key} took effect and was never begun`),
    ...applied.filter(key => !seen.has(key)).map(key => `${key} has an outcome and no effect`),
  ];
}

/** Expects that a run is where it should be and that nothing is wrong with it. */
export function expectSound(found: Snapshot, effects: readonly Effect[], ends: readonly RunStatus[]): void {
  const log = found.events.map(event => `${event.kind}${'index' in event ? ` ${event.phase} ${event.index}` : ''}`);
  expect(violations(found, effects), log.join(', ')).toEqual([]);
  expect(ends, log.join(', ')).toContain(found.run.status);
}
