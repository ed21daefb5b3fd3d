import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { KeptTexts } from '../../ports/kept-texts.ts';
import type { RedisConnection } from './connection.ts';
import { keys } from './keys.ts';

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];
/** How long a text is kept after it was written last, unless said, in ms. */
const keptMs = 180 * 86_400_000;
/** The most that is kept of one text, in bytes of Redis' memory: a ConfigMap may be 1 MiB large, and texts shrink to a third. */
const mostBytes = 512 * 1024;
/** The most that a packed text may unfold to. */
const mostUnpacked = 16 * 1024 * 1024;

/** Keeps texts in Redis, packed. */
export function redisKeptTexts({ redis, confirmed }: RedisConnection): KeptTexts {
  return {
    async read(names) {
      if (names.length === 0) return [];
      const found = await confirmed(redis.mgetBuffer(...names.map(keys.kept)));
      return Promise.all(found.map(async packed => packed && (await textOf(packed))));
    },
    async keep(name, text, forMs = keptMs) {
      const packed = await pack(Buffer.from(text, 'utf8'));
      if (packed.length > mostBytes) return false;
      await confirmed(redis.set(keys.kept(name), packed, 'PX', forMs));
      return true;
    },
  };
}

async function textOf(packed: Buffer): Promise<string> {
  return (await unpack(packed, { maxOutputLength: mostUnpacked })).toString('utf8');
}
