import type { ReasonCode } from '../src/domain/reason.ts';
import type { Sentence } from './notes/table.ts';
import { askingReasons } from './reasons/asking.ts';
import { runningReasons } from './reasons/running.ts';

/** The sentence for every reason code, in both languages; no full stop at the end. */
export const reasons: Readonly<Record<ReasonCode, Sentence>> = { ...askingReasons, ...runningReasons };
