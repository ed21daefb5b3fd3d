import type { ZodType } from 'zod';
import type { CheckOutcome } from '../domain/check.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Run } from '../domain/run.ts';
import type { StepContext } from './executor.ts';

/** What a check is asked with: the run it judges and when verification began. */
export interface CheckContext extends StepContext {
  readonly of: Run;
  readonly checkId: string;
  /** Epoch ms. */
  readonly verifyingSince: number;
}

/**
 * One kind of check. It answers once; `waiting` asks to be called again until its time limit, which then counts as `unknown`.
 * A check that needs a window (N good answers) keeps its count in what it returns by closing over `start`.
 */
export interface Check {
  readonly kind: string;
  /** Begins one judgement; the returned function is called until it answers something other than `waiting`. */
  start(context: CheckContext, input: JsonObject): () => Promise<CheckOutcome>;
}

/** One row of the check table. */
export interface CheckEntry<Deps> {
  readonly kind: string;
  readonly input: ZodType<JsonObject>;
  readonly summary: string;
  readonly hostLocal: boolean;
  load(deps: Deps): Promise<Check>;
}

/** A row of the check table with its dependencies bound: what the engine sees. */
export type BoundCheck = Omit<CheckEntry<never>, 'load'> & { load(): Promise<Check> };
