import type { Catalogue, Service, TargetSpec } from '../../src/domain/catalogue.ts';
import type { OperatorAction } from '../../src/domain/event.ts';
import type { Level } from '../../src/domain/level.ts';
import { type Reason, type ReasonCode, reason } from '../../src/domain/reason.ts';
import { cleanReason, invisible, type Token, type Typed } from './text.ts';

/** A typed command, read against the catalogue: names are the catalogue's own, nothing is guessed. */
export interface Ask {
  readonly command: string;
  readonly service: Service | null;
  readonly target: TargetSpec | null;
  readonly level: Level | null;
  readonly levels: readonly Level[];
  readonly strategy: string | null;
  /** As typed: versions and keys are known to the release store only. */
  readonly release: string | null;
  readonly scenario: string | null;
  readonly reason: string | null;
  readonly observe: boolean;
  /** As typed: a run's id or short id. */
  readonly run: string | null;
  readonly decision: OperatorAction | null;
  /** As typed: a box's number, or the id of its check. */
  readonly box: string | null;
  readonly answer: 'yes' | 'no' | null;
  readonly grade: 'good' | 'bad' | null;
  readonly forMs: number | null;
  /** Epoch ms. */
  readonly until: number | null;
  readonly topic: string | null;
}

/** An ask while it is read. */
export type Draft = { -readonly [key in keyof Ask]: Ask[key] };

/** A line while it is read. */
export interface Reading {
  readonly typed: Typed;
  readonly catalogue: Catalogue;
  readonly draft: Draft;
  readonly problems: Reason[];
  readonly bare: Token[];
  environment: Token | null;
}

/** Whether a word may stand for a name; says why where it may not. */
export function named(reading: Reading, token: Token): boolean {
  if (token.kind === 'mention' || token.kind === 'link') refuse(reading, token, 'bad-argument', { kind: token.kind });
  else if (invisible.test(token.raw)) refuse(reading, token, 'bad-argument', { kind: 'invisible' });
  else return true;
  return false;
}

/** Notes a problem and points at its word. */
export function refuse(reading: Reading, token: Token, code: ReasonCode, facts: NonNullable<Reason['facts']>): void {
  const { plain } = reading.typed;
  const shown = token.raw.replace(new RegExp(invisible, 'gu'), c => `U+${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const pointer = `${plain.slice(0, token.start)}▸${shown}◂${plain.slice(token.end)}`;
  reading.problems.push(reason(code, { token: shown, ...facts }, cleanReason(pointer).slice(0, 200)));
}
