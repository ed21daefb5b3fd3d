import type { Catalogue } from '../../domain/catalogue.ts';
import type { Catalogues } from '../../ports/catalogues.ts';
import type { RedisConnection } from './connection.ts';
import { keys } from './keys.ts';

/** How many catalogues a process keeps at hand: today's, and those of a few open runs. */
const atHand = 8;

/** The catalogues in Redis under their hash; one that was read never changes, so it is kept at hand. */
export function redisCatalogues({ redis, confirmed }: RedisConnection): Catalogues {
  const known = new Map<string, Catalogue>();
  const byHash = async (hash: string): Promise<Catalogue | null> => {
    const kept = known.get(hash);
    if (kept) return kept;
    const json = await confirmed(redis.get(keys.catalogue(hash)));
    if (json === null) return null;
    const catalogue = JSON.parse(json) as Catalogue;
    const oldest = known.keys().next().value;
    if (known.size >= atHand && oldest !== undefined) known.delete(oldest);
    known.set(hash, catalogue);
    return catalogue;
  };
  return {
    byHash,
    async publish(catalogue) {
      const [stored, named] = [keys.catalogue(catalogue.hash), keys.currentCatalogue];
      await confirmed(redis.mset(stored, JSON.stringify(catalogue), named, catalogue.hash));
    },
    async current() {
      const hash = await confirmed(redis.get(keys.currentCatalogue));
      return hash === null ? null : byHash(hash);
    },
  };
}
