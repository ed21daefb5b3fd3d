import type { ZodType } from 'zod';
import type { JsonObject } from '../domain/json.ts';
import type { ObservedReleases } from '../domain/release.ts';

/** Shows which release runs at a target and which its own history still holds; reads only. */
export interface ReleaseSource {
  readonly kind: string;
  look(context: { readonly signal: AbortSignal }, input: JsonObject): Promise<ObservedReleases>;
}

/** One row of the release-source table. */
export interface ReleaseSourceEntry<Deps> {
  readonly kind: string;
  readonly input: ZodType<JsonObject>;
  readonly summary: string;
  readonly hostLocal: boolean;
  load(deps: Deps): Promise<ReleaseSource>;
}

/** A row of the release-source table with its dependencies bound: what the engine sees. */
export type BoundReleaseSource = Omit<ReleaseSourceEntry<never>, 'load'> & { load(): Promise<ReleaseSource> };
