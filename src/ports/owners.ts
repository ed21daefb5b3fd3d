import type { StepPlan } from '../domain/plan.ts';
import type { Executor } from './executor.ts';
import type { OwnerChoice } from './owner-choice.ts';

/** An object in a cluster, by its place and by the marks of whoever has it rendered. */
export interface MarkedObject {
  /** Where its kind lives, e.g. `apis/apps/v1`. */
  readonly api: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Suspends what has objects rendered, for an adapter whose own tool writes them. */
export interface Owners {
  /** The operations that suspend it, a parent before its child; throws a `Refusal` where that cannot be done. */
  plan(
    at: { readonly context: string | null; readonly kubeconfig: string | null },
    marked: readonly MarkedObject[],
    choice: OwnerChoice,
    signal: AbortSignal,
  ): Promise<Pick<StepPlan, 'operations' | 'warnings'>>;
  /** Adds them to the operations that an executor carries out. */
  around(executor: Executor): Executor;
}

/** Makes it when it is first needed. */
export type OpenOwners = () => Promise<Owners>;
