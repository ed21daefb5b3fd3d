import type { ZodType } from 'zod';
import type { JsonObject } from '../domain/json.ts';
import type { ObservedReleases } from '../domain/release.ts';

/** Leave to go on listening to a target between looks: a look then tells what was heard last, which may be a moment old. */
export interface Following {
  /** Nothing is listened to after this. */
  readonly until: AbortSignal;
  /** Called once after a look as soon as what it read by name has changed; the same for every look at a target. */
  readonly heard: () => void;
}

/** How a target is looked at; without `following` everything is asked for at this moment. */
export interface LookContext {
  readonly signal: AbortSignal;
  readonly following?: Following;
}

/** Shows which release runs at a target and which its own history still holds; reads only. */
export interface ReleaseSource {
  readonly kind: string;
  look(context: LookContext, input: JsonObject): Promise<ObservedReleases>;
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
