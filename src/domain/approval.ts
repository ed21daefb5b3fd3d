import type { PersonId, RunId } from './ids.ts';
import type { Plan } from './plan.ts';

/** So many people of one role must say yes. */
export interface Seat {
  readonly role: string;
  readonly count: number;
}

/** Who must say yes, by when; no seats means that no human is needed. */
export interface ApprovalRule {
  readonly name: string;
  readonly seats: readonly Seat[];
  readonly requesterExcluded: boolean;
  readonly withinMs: number;
  /** How long before the deadline those asked are reminded, in ms. */
  readonly remindBeforeMs: number;
}

/** One person's decision; one person fills one seat. */
export interface Vote {
  readonly person: PersonId;
  readonly name: string;
  readonly via: 'slack' | 'cli';
  readonly decision: 'approve' | 'reject';
  readonly reason: string | null;
  readonly at: number;
  /** The roles the person held when they clicked. */
  readonly roles: readonly string[];
}

/** The approval of one run: the rule as it was when asked, the deadline (epoch ms) and the votes so far. */
export interface ApprovalState {
  readonly rule: ApprovalRule;
  readonly deadline: number;
  readonly askedAt: number;
  readonly planFingerprint: string;
  readonly votes: readonly Vote[];
}

declare const permit: unique symbol;

/** A plan that may run: minted only by `src/approve`, and the executor takes nothing else. */
export interface ApprovedPlan {
  readonly run: RunId;
  readonly plan: Plan;
  readonly votes: readonly Vote[];
  readonly [permit]: true;
}
