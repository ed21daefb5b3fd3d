import type { CheckSpec } from './catalogue.ts';
import type { RunId, TargetId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Level } from './level.ts';
import type { Note } from './note.ts';
import type { Reason } from './reason.ts';
import type { ReleaseRef } from './release.ts';

/** What a person sees of an operation before it runs. */
export interface Preview {
  /** One line, e.g. `image 2.14.0 → 2.13.2, 8 pods, rolling`. */
  readonly summary: Note;
  /** A unified diff without secret values; empty where nothing textual changes. */
  readonly diff: string;
}

/** What a step compiles to, before the engine numbers it: frozen JSON that `apply` runs as it is; no secret in it. */
export interface OperationDraft {
  /** The thing that is changed, as its own tool names it, e.g. `deployment shop/checkout-api`. */
  readonly object: string;
  readonly body: JsonObject;
  readonly preview: Preview;
  /** Hash of what the plan writes and the approver judged, as it was when planned; never of what moves by itself. */
  readonly fingerprint: string;
  /** Whether running it twice is the same as running it once, even unseen (set X to value V). */
  readonly idempotent: boolean;
  /** Keys of what it changes from the state it was planned on and no other: no two steps of a plan may claim the same. */
  readonly claims?: readonly string[];
  /** Keys of what no later step of a plan may claim once this is done. */
  readonly bars?: readonly string[];
  /** Set where it may be left out of a plan in which a later step claims the same, since that does what it is for. */
  readonly spare?: true;
  /** Set where its effect stays when the run is over, until a person releases the hold: then its inverse is asked for. */
  readonly untilReleased?: true;
  /** Operations of one step that stand side by side with the same number run beside each other; one without a number runs alone. */
  readonly group?: number;
  /** The operation of the same executor that puts the state before back; null where that is impossible. */
  readonly inverse: Omit<OperationDraft, 'inverse' | 'fingerprint' | 'group'> | null;
}

/** What an executor's `plan` answers for one step. */
export interface StepPlan {
  /** In the order they begin, those of one group beside each other; empty where the step has nothing to change. */
  readonly operations: readonly OperationDraft[];
  readonly blastRadius: readonly Note[];
  readonly interruption: Interruption;
  readonly notRolledBack: readonly Note[];
  readonly notChecked: readonly Note[];
  readonly warnings: readonly Note[];
  /** About how long it takes, in ms. */
  readonly expectedMs: number;
}

/** A step that changes nothing and of which there is nothing to say; steps lay what they know over it. */
export const emptyPlan: StepPlan = {
  operations: [],
  blastRadius: [],
  interruption: { kind: 'none' },
  notRolledBack: [],
  notChecked: [],
  warnings: [],
  expectedMs: 0,
};

/** What users of the service will feel: nothing, a gap of about so many ms, or not known. */
export type Interruption =
  | { readonly kind: 'none' }
  | { readonly kind: 'gap'; readonly ms: number }
  | { readonly kind: 'unknown' };

/** One numbered operation of a plan. */
export interface Operation extends OperationDraft {
  /** Place in the plan, from 0: the journal's key. */
  readonly index: number;
  /** Place of its step in the runbook, from 0. */
  readonly step: number;
  readonly executor: string;
  readonly timeoutMs: number;
}

/** Indexes of operations that run beside each other, both ends among them. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** The operations that run beside one, itself among them; a plan of before there were groups runs one after the other. */
export function spanOf(operations: readonly Pick<Operation, 'step' | 'group'>[], index: number): Span {
  const together = (at: number): boolean => {
    const [one, other] = [operations[at], operations[at + 1]];
    return one?.group !== undefined && one.group === other?.group && one.step === other.step;
  };
  let [first, last] = [index, index];
  while (together(first - 1)) first -= 1;
  while (together(last)) last += 1;
  return { first, last };
}

/** A frozen plan: what was shown is what runs. */
export interface Plan {
  readonly run: RunId;
  readonly target: TargetId;
  readonly level: Level;
  readonly strategy: string;
  readonly runbook: string;
  /** What is live, where the target can tell. */
  readonly from: ReleaseRef | null;
  /** What will be live; null where the runbook changes no release. */
  readonly to: ReleaseRef | null;
  readonly goodBecause: Note | null;
  readonly operations: readonly Operation[];
  readonly blastRadius: readonly Note[];
  readonly interruption: Interruption;
  /** Whether every operation has an inverse. */
  readonly reversible: boolean;
  readonly notRolledBack: readonly Note[];
  readonly notChecked: readonly Note[];
  readonly warnings: readonly Note[];
  readonly expectedMs: number;
  readonly rtoMs: number;
  readonly checks: readonly CheckSpec[];
  readonly onFailure: 'needs-operator' | 'compensate';
  /** Hash over all operations' fingerprints and bodies: votes are for this plan and no other. */
  readonly fingerprint: string;
}

/** One runbook that *suggest* looked at, and what came of it. */
export interface Considered {
  readonly level: Level;
  readonly runbook: string;
  readonly outcome: 'taken' | 'skipped';
  readonly why: Reason | null;
}
