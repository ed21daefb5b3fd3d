import type { Proposal } from '../src/domain/alert.ts';
import type { Catalogue, Locale } from '../src/domain/catalogue.ts';
import type { Note } from '../src/domain/note.ts';
import type { RecordData } from '../src/domain/record.ts';
import type { RunWithLog } from '../src/domain/run.ts';

/** What a run's messages are drawn from. */
export interface RunView {
  readonly kind: 'run';
  readonly run: RunWithLog;
  /** The run's catalogue, or today's; null where neither can be read: then roles are named, not mentioned. */
  readonly catalogue: Catalogue | null;
  /** How far the running operation is. */
  readonly progress: Note | null;
  /** Epoch ms, server time. */
  readonly now: number;
  readonly locale: Locale;
  /** What the record is written from; only the `record` screen needs it. */
  readonly record?: RecordData | null;
  /** How the plan's objects stand and what they logged; only the `logs` screen needs it. */
  readonly logs?: string | null;
}

/** What a proposal's message is drawn from. */
export interface ProposalView {
  readonly kind: 'proposal';
  readonly proposal: Proposal;
  readonly catalogue: Catalogue | null;
  /** Epoch ms, server time. */
  readonly now: number;
  readonly locale: Locale;
}

/** What an outbox row is drawn from. */
export type ThreadView = RunView | ProposalView;
