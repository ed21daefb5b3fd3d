import type { Catalogue } from '../domain/catalogue.ts';

/** The catalogues by hash: a run keeps its own, voters must qualify under the run's and today's. */
export interface Catalogues {
  /** Stores a catalogue and makes it today's. */
  publish(catalogue: Catalogue): Promise<void>;
  byHash(hash: string): Promise<Catalogue | null>;
  /** Today's; null before the first was published. */
  current(): Promise<Catalogue | null>;
}
