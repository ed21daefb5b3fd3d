import type { Freeze, Hold, ReleaseBook } from '../../domain/release.ts';
import type { LearnReleases, ReleaseStore } from '../../ports/release-store.ts';
import type { RedisConnection } from './connection.ts';
import { keys } from './keys.ts';
import { bookScript } from './scripts/releases.ts';
import { settleOn } from './settle.ts';

/** Releases, holds and freezes in Redis; `rules` say what facts mean for the grades. */
export function redisReleaseStore(connection: RedisConnection, rules: { readonly learn: LearnReleases }): ReleaseStore {
  const { redis, confirmed, call } = connection;
  return {
    async learn(target, facts) {
      await settleOn(`releases of ${target}`, async () => {
        const [json, version] = await confirmed(redis.hmget(keys.releases(target), 'json', 'version'));
        const known = json ? (JSON.parse(json) as ReleaseBook) : null;
        const learnt = rules.learn(target, known, facts);
        const written = JSON.stringify(learnt);
        if (learnt === null || written === json) return true;
        return (await call<number>(bookScript, [target, version ?? '0', written])) === 1 ? true : null;
      });
    },
    async list(target) {
      const json = await confirmed(redis.hget(keys.releases(target), 'json'));
      return json === null ? [] : (JSON.parse(json) as ReleaseBook).releases;
    },
    async hold(hold) {
      await confirmed(redis.hset(keys.holds(hold.target), hold.releaseKey, JSON.stringify(hold)));
    },
    async releaseHold(target, releaseKey) {
      return (await confirmed(redis.hdel(keys.holds(target), releaseKey))) === 1;
    },
    async holds(target) {
      const found = await confirmed(redis.hvals(keys.holds(target)));
      return found.map(json => JSON.parse(json) as Hold).sort((one, other) => other.since - one.since);
    },
    async freeze(freeze) {
      await confirmed(redis.set(keys.freeze(freeze.target), JSON.stringify(freeze)));
    },
    async unfreeze(target) {
      return (await confirmed(redis.del(keys.freeze(target)))) === 1;
    },
    async frozen(target) {
      const json = await confirmed(redis.get(keys.freeze(target)));
      const freeze = json === null ? null : (JSON.parse(json) as Freeze);
      if (!freeze || freeze.until === null) return freeze;
      return freeze.until > (await serverTime(connection)) ? freeze : null;
    },
  };
}

/** Epoch ms by the server's clock, with the tests' offset. */
async function serverTime({ redis, confirmed }: RedisConnection): Promise<number> {
  const [[seconds, micros], offset] = await confirmed(Promise.all([redis.time(), redis.get(keys.testOffset)]));
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000) + Number(offset ?? 0);
}
