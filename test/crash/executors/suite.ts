import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutcomeHow, RunEvent } from '../../../src/domain/event.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { RunStatus } from '../../../src/domain/status.ts';
import type { KeptTexts } from '../../../src/ports/kept-texts.ts';
import { openParts } from '../../fakes/parts.ts';
import type { Effect } from '../../fakes/target.ts';
import { violations } from '../checker.ts';
import { type Ended, type Lane, openRoom, type ServiceText } from './round.ts';
import { afterEffect, type Row, undecided } from './rows.ts';

/** Real targets, one for each row. */
export interface World {
  /** The service of a lane, as the catalogue's file has it, but for its place. */
  service(lane: number): ServiceText;
  /** Key of the release to go back to, where the step takes one. */
  release?(lane: number): string | null;
  /** Waits until the lane's target is half done, for a row that is killed there. */
  halfDone?(lane: number): Promise<void>;
  /** What was done to the lane's target, counted there. */
  effects(lane: number): Promise<unknown>;
  /** Puts what Backout kept before into the store that the workers share. */
  prepare?(kept: KeptTexts): Promise<void>;
  /** Further environment of the workers. */
  readonly env?: Record<string, string>;
  close(): Promise<void>;
}

/** How one executor is put to the suite. */
export interface Subject {
  readonly rows: readonly Row[];
  open(lanes: number): Promise<World>;
  /** The name of the worker whose host it acts on; absent where any worker will do. */
  readonly host?: string;
  /** What nobody can look at and what may not be repeated stops and asks. */
  readonly stops?: boolean;
  /** What nobody can look at may be repeated. */
  readonly repeats?: boolean;
  /** How the run of a row must end, where it is not as for all others. */
  end?(row: Row): RunStatus;
  /** What must be counted on the target after a row. */
  expected(row: Row): unknown;
  /** What may be counted besides where a busy machine lost the lease once more and so cut the row off a second time. */
  cutTwice?(row: Row): unknown;
}

/** So many runs stand still in one worker at a time; it drives at most 20. */
const atOnce = 19;

/** A row of one of several subjects that are put to the suite together. */
interface Entry {
  readonly subject: Subject;
  readonly world: World;
  readonly row: Row;
  /** The lane of the subject's own world. */
  readonly lane: number;
}

/** The suite: every executor, killed at every point of the journal. */
export function crashSuite(name: string, subject: Subject): void {
  crashSuites({ [name]: subject });
}

/** The same for several executors, whose workers are the same and so are started for all of them once; of one environment and one host. */
export function crashSuites(subjects: Readonly<Record<string, Subject>>): void {
  const found = new Map<Subject, Map<Row, Ended & { readonly effects: unknown }>>();
  const over = new AbortController();
  const play = () => playAll(Object.values(subjects), found, over.signal);
  let played: ReturnType<typeof play> | undefined;
  describe('a worker killed by SIGKILL and another one going on', () => {
    beforeAll(async () => {
      played = play();
      await played;
    }, 500_000);
    afterAll(async () => {
      // Where the time above is over it still plays: it ends at its next step, and what it opened with it.
      over.abort();
      const parts = await played?.catch(() => undefined);
      await parts?.close();
    }, 60_000);

    for (const [name, subject] of Object.entries(subjects))
      describe(name, () => {
        it.each(subject.rows)('at $name', row => {
          const one = found.get(subject)?.get(row);
          if (!one) throw new Error('the row was not run');
          judge(subject, row, one);
        });
      });
  });
}

function playAll(
  subjects: readonly Subject[],
  found: Map<Subject, Map<Row, Ended & { readonly effects: unknown }>>,
  over: AbortSignal,
) {
  return openParts(async later => {
    const entries: Entry[] = [];
    for (const subject of subjects) {
      over.throwIfAborted();
      const world = await subject.open(subject.rows.length);
      later(() => world.close());
      found.set(subject, new Map());
      entries.push(...subject.rows.map((row, lane) => ({ subject, world, row, lane })));
    }
    const room = await openRoom();
    later(room.close);
    const worlds = new Set(entries.map(({ world }) => world));
    for (const world of worlds) await world.prepare?.(room.kept);
    const env = Object.assign({}, ...[...worlds].map(world => world.env));
    const host = subjects.find(subject => subject.host)?.host;
    const each = Math.ceil(entries.length / Math.ceil(entries.length / atOnce));
    for (let from = 0; from < entries.length; from += each) {
      over.throwIfAborted();
      const some = entries.slice(from, from + each);
      const ends = await room.round(some.map(laneOf), host ? { env, host } : { env });
      await Promise.all(
        some.map(async ({ subject, world, row, lane }, at) => {
          const end = ends[at] as Ended;
          found.get(subject)?.set(row, { ...end, effects: await world.effects(lane) });
        }),
      );
    }
    return {};
  });
}

function judge(subject: Subject, row: Row, one: Ended & { readonly effects: unknown }): void {
  const { events, run } = one.found;
  const log = `${events.map(inWords).join(', ')}\n${one.said}`;
  expect(one.stood, `killed there: ${log}`).toBe(true);
  expect(run.status, log).toBe(endOf(subject, row));
  const twice = takenOverAgain(events) && subject.cutTwice ? [subject.cutTwice(row)] : [];
  expect([subject.expected(row), ...twice], log).toContainEqual(one.effects);
  expect(violations(one.found, claimed(run.id, events)), log).toEqual([]);
  if (run.status === 'needs-operator' || takenOverAgain(events)) return;
  expect(howOf(row, events), log).toBe(howExpected(subject, row));
}

function laneOf({ subject, world, row, lane }: Entry): Lane {
  const service = { ...world.service(lane), ...(subject.host ? { runsOn: subject.host } : {}) };
  const halfDone = async () => world.halfDone?.(lane);
  return { row, service, release: world.release?.(lane) ?? null, halfDone };
}

function endOf(subject: Subject, row: Row): RunStatus {
  if (subject.end) return subject.end(row);
  if (subject.stops && undecided.has(row.point)) return 'needs-operator';
  return row.runbook === 'forth' ? 'succeeded' : 'compensated';
}

function inWords(event: RunEvent): string {
  const facts = 'reason' in event && event.reason ? ` (${JSON.stringify(event.reason)})` : '';
  if (!('index' in event)) return `${event.kind}${facts}`;
  return `${event.kind} ${event.phase} ${event.index}${'how' in event ? ` ${event.how}` : ''}${facts}`;
}

/** The effects that the log claims, so that the checker judges the log alone: the real ones were counted at the target. */
function claimed(run: RunId, events: readonly RunEvent[]): readonly Effect[] {
  return events.flatMap(event => {
    if (event.kind !== 'operation-ended' || (event.how !== 'applied' && event.how !== 'adopted')) return [];
    const { at, fence, phase, index } = event;
    return [{ at, fence, object: '', value: '', key: `${run}/${phase}/${index}` }];
  });
}

/** How the operation that was cut off came to its outcome: the last that was begun twice, since a busy machine may lose a lease before. */
function howOf(row: Row, events: readonly RunEvent[]): OutcomeHow | null {
  if (!undecided.has(row.point)) return null;
  const phase = row.runbook === 'forth' ? 'apply' : 'revert';
  const twice = events.findLast(
    (event, at) => event.kind === 'operation-begun' && event.phase === phase && begunBefore(events, at),
  );
  if (twice?.kind !== 'operation-begun') return null;
  const outcome = events.find(
    event => event.kind === 'operation-ended' && event.phase === phase && event.index === twice.index,
  );
  return outcome?.kind === 'operation-ended' ? outcome.how : null;
}

/** A machine that is too busy to keep a lease cuts an operation off once more, after its effect as likely as before. */
function takenOverAgain(events: readonly RunEvent[]): boolean {
  const begun = events.filter(event => event.kind === 'operation-begun');
  return begun.some(one => begun.filter(({ phase, index }) => phase === one.phase && index === one.index).length > 2);
}

function begunBefore(events: readonly RunEvent[], at: number): boolean {
  const one = events[at];
  if (one?.kind !== 'operation-begun') return false;
  return events
    .slice(0, at)
    .some(event => event.kind === 'operation-begun' && event.phase === one.phase && event.index === one.index);
}

function howExpected(subject: Subject, row: Row): OutcomeHow | null {
  if (!undecided.has(row.point)) return null;
  return afterEffect.has(row.point) && !subject.repeats ? 'adopted' : 'applied';
}
