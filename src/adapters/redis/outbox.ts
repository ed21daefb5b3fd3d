import type { Post } from '../../domain/post.ts';
import type { ClaimedPost, Outbox, ThreadState } from '../../ports/outbox.ts';
import type { RedisConnection } from './connection.ts';
import { postArgs } from './encode.ts';
import { keys } from './keys.ts';
import * as scripts from './scripts/outbox.ts';

type ToldRow = readonly [thread: string, row: string, post: string, attempts: number, ambiguous: number, string[]];

/** The messages that wait for Slack, in Redis; rows come in by the scripts that change state. */
export function redisOutbox(connection: RedisConnection): Outbox {
  const { redis, confirmed } = connection;
  return {
    async claim(limit, leaseMs) {
      const rows = await connection.call<ToldRow[]>(scripts.claimScript, [limit, leaseMs]);
      return rows.map(asClaimed);
    },
    async sent(row, ts) {
      await connection.call(scripts.sentScript, [row.post.thread, rowOf(row), ts]);
    },
    async retry(row, afterMs, ambiguous) {
      const args = [row.post.thread, rowOf(row), row.attempts, afterMs, ambiguous ? 1 : 0];
      await connection.call(scripts.retryScript, args);
    },
    async dead(row, why) {
      await connection.call(scripts.deadScript, [row.post.thread, rowOf(row), JSON.stringify(why)]);
    },
    async move(thread, channel) {
      await connection.call(scripts.moveScript, [thread, channel]);
    },
    async holdChannel(channel, until) {
      await connection.call(scripts.holdScript, [channel, until]);
    },
    async thread(thread) {
      const fields = await confirmed(redis.hgetall(keys.thread(thread)));
      return fields.channel === undefined ? null : threadState(Object.entries(fields));
    },
    async add(posts) {
      if (posts.length > 0) await connection.call(scripts.addScript, postArgs(posts));
    },
    threadOf: (channel, ts) => confirmed(redis.get(keys.message(channel, ts))),
    async counts() {
      const [waiting, dead] = await connection.call<[number, number]>(scripts.countsScript, []);
      return { waiting, dead };
    },
  };
}

function asClaimed([thread, row, json, attempts, ambiguous, flat]: ToldRow): ClaimedPost {
  const post = JSON.parse(json) as Post;
  const state = threadState(pairs(flat));
  const ts = state.slots[post.slot] ?? null;
  return { post, state, id: `${thread}.${row}`, ts, ambiguous: ambiguous === 1, attempts };
}

function rowOf(row: ClaimedPost): string {
  return row.id.slice(row.id.lastIndexOf('.') + 1);
}

function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as [string, string]] : []));
}

function threadState(fields: readonly (readonly [string, string])[]): ThreadState {
  const value = (name: string) => fields.find(([field]) => field === name)?.[1];
  const slots = fields.filter(([field]) => field.startsWith('ts:')).map(([field, ts]) => [field.slice(3), ts]);
  return { channel: value('channel') ?? '', root: value('root') ?? null, slots: Object.fromEntries(slots) };
}
