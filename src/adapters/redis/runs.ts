import type { RunEvent } from '../../domain/event.ts';
import { foldRun } from '../../domain/fold.ts';
import type { RunId } from '../../domain/ids.ts';
import { targetParts } from '../../domain/ids.ts';
import type { Note } from '../../domain/note.ts';
import type { Run, RunWithLog } from '../../domain/run.ts';
import type {
  Beginning,
  ChangeResult,
  CreateResult,
  Guard,
  NewRun,
  RunQuery,
  RunStore,
} from '../../ports/run-store.ts';
import type { RedisConnection } from './connection.ts';
import { type Args, eventArgs, postArgs, timerArgs } from './encode.ts';
import { keys } from './keys.ts';
import * as scripts from './scripts/changes.ts';

/** The runs' logs and indexes over Redis. */
export type Runs = Pick<
  RunStore,
  'create' | 'read' | 'list' | 'openRun' | 'find' | 'change' | 'begin' | 'outcome' | 'readProgress'
>;

/** Reads and changes runs. */
export function runs(connection: RedisConnection): Runs {
  const { redis, confirmed } = connection;
  return {
    create: async run => asCreated(await connection.call<CreateReply>(scripts.createScript, createArgs(run))),
    read: async id => asRun(id, await confirmed(redis.lrange(keys.log(id), 0, -1))),
    list: query => list(connection, query),
    openRun: async target => (await confirmed(redis.get(keys.target(target)))) as RunId | null,
    async find(suffix) {
      const wanted = suffix.toUpperCase();
      const ids = await confirmed(redis.smembers(keys.short(wanted.slice(-4))));
      return ids.filter(id => id.endsWith(wanted)).sort() as RunId[];
    },
    async change(id, guard, change) {
      const args = [id, ...guardArgs(guard), change.notAfter ?? 0, ...eventArgs(change.events)];
      const reply = await connection.call<ChangeReply>(scripts.changeScript, [
        ...args,
        ...timerArgs(change),
        ...postArgs(change.posts),
        ...(change.begins ? beginArgs(change.begins) : ['', '', '', '', '', '']),
      ]);
      return reply[0] === 'ok' ? { ok: true, version: reply[1], at: reply[2] } : { ok: false, why: reply[0] };
    },
    begin: (id, entry) => connection.call(scripts.beginScript, [id, ...beginArgs(entry)]),
    async outcome(id, event, change) {
      const events = eventArgs([event, ...(change?.events ?? [])]);
      const reply = await connection.call<'ok' | 'done' | 'fenced' | 'missing' | 'illegal'>(scripts.outcomeScript, [
        id,
        event.fence,
        ...events,
        ...timerArgs(change ?? {}),
        ...postArgs(change?.posts),
      ]);
      if (reply === 'illegal') throw new Error(`run ${id}: an illegal transition beside ${event.kind}`);
      return reply;
    },
    async readProgress(id) {
      const note = await confirmed(redis.get(keys.progress(id)));
      return note === null ? null : (JSON.parse(note) as Note);
    },
  };
}

type CreateReply = ['created', RunId, number] | ['duplicate' | 'busy', RunId] | ['late'] | ['conflict'];
type ChangeReply = ['ok', number, number] | [Extract<ChangeResult, { ok: false }>['why']];

function guardArgs(guard: Guard): Args {
  return 'fence' in guard ? ['fence', guard.fence] : ['version', guard.version];
}

function beginArgs({ fence, phase, index, worker, beside }: Beginning): Args {
  const { first, last } = beside ?? { first: index, last: index };
  return [fence, phase, index, first, last, JSON.stringify(worker)];
}

function createArgs({ id, request, idempotencyKey, notAfter, posts, replaces }: NewRun): Args {
  const requested = { kind: 'requested', request, status: 'requested' } as const;
  return [
    ...[id, idempotencyKey, notAfter],
    ...[request.target, targetParts(request.target).service, request.runsOn ?? '', request.channel],
    ...eventArgs([requested]),
    ...postArgs(posts),
    replaces?.run ?? '',
    ...(replaces ? guardArgs(replaces.guard) : ['', '']),
    ...eventArgs(replaces?.events ?? []),
    ...postArgs(replaces?.posts),
  ];
}

function asCreated(reply: CreateReply): CreateResult {
  if (reply[0] === 'created') return { kind: 'created', id: reply[1], at: reply[2] };
  if (reply[0] === 'duplicate' || reply[0] === 'busy') return { kind: reply[0], id: reply[1] };
  return { kind: reply[0] };
}

function asRun(id: RunId, lines: readonly string[]): RunWithLog | null {
  if (lines.length === 0) return null;
  const events = lines.map(line => JSON.parse(line) as RunEvent);
  return { run: foldRun(id, events), events };
}

async function list({ redis, confirmed }: RedisConnection, query: RunQuery): Promise<readonly Run[]> {
  if (query.limit <= 0) return [];
  const indexes = [
    ...(query.target ? [keys.runsOfTarget(query.target)] : []),
    ...(query.service ? [keys.runsOfService(query.service)] : []),
    ...(query.status ? [keys.runsInStatus(query.status)] : []),
    ...(query.open ? [keys.openRuns] : []),
  ];
  const only = query.open === false ? new Set(await confirmed(redis.zrange(keys.openRuns, '0', '-1'))) : null;
  const newest = only ? -1 : query.limit - 1;
  const oldestFirst = () => redis.zinter(indexes.length, indexes, 'AGGREGATE', 'MAX');
  const ids = await confirmed(
    indexes.length > 1
      ? oldestFirst().then(found => found.toReversed())
      : redis.zrevrange(indexes[0] ?? keys.allRuns, 0, newest),
  );
  const wanted = ids.filter(id => !only?.has(id)).slice(0, query.limit) as RunId[];
  const logs = await confirmed(Promise.all(wanted.map(id => redis.lrange(keys.log(id), 0, -1))));
  return wanted.flatMap((id, at) => asRun(id, logs[at] ?? [])?.run ?? []);
}
