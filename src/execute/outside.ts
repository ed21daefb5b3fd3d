import { type Reason, Refusal, reason, Unanswered } from '../domain/reason.ts';
import type { Observation } from '../ports/executor.ts';
import type { Lease } from './lease.ts';

/** How long an executor may take to come back once it was told to stop, in ms; after that it is left to itself. */
const graceMs = 5_000;

/** Calls the outside: only while the lease holds, and never longer than the signal (plus a grace time) allows. */
export async function outside<T>(lease: Lease, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  lease.check();
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const overdue = new Promise<never>((_, fail) => {
    onAbort = () => {
      timer = setTimeout(() => fail(signal.reason), graceMs);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([call(), overdue]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** What looking at the target gave: an observation, or why there is none. */
export type Look =
  | { readonly kind: 'seen'; readonly observation: Observation }
  | { readonly kind: 'unseen'; readonly reason: Reason };

/** Looks until the target answers or the signal is aborted; a refusal is an answer, unless it says that none came. */
export async function look(
  lease: Lease,
  signal: AbortSignal,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  observe: () => Promise<Observation>,
): Promise<Look> {
  let last: unknown = null;
  while (!signal.aborted) {
    try {
      return { kind: 'seen', observation: await outside(lease, signal, observe) };
    } catch (error) {
      lease.check();
      if (isAnswer(error)) return { kind: 'unseen', reason: error.reason };
      if (!signal.aborted) last = error;
    }
    await sleep(500, signal);
  }
  lease.check();
  if (last instanceof Refusal) return { kind: 'unseen', reason: last.reason };
  return { kind: 'unseen', reason: reason('target-unreachable', {}, last ? words(last) : undefined) };
}

/** Whether a call ended with the target's or the executor's own word, and not for lack of an answer. */
export function isAnswer(error: unknown): error is Refusal {
  return error instanceof Refusal && !(error instanceof Unanswered);
}

/** Says why a call failed: the refusal's own reason, that its time was over, or the error's words. */
export function failureReason(
  error: unknown,
  timedOut: boolean,
  facts: { object: string; step: number; ms: number },
): Reason {
  if (error instanceof Refusal) return error.reason;
  if (timedOut) return reason('step-timeout', facts);
  return reason('step-failed', { object: facts.object, step: facts.step }, words(error));
}

/** An error's message, short enough for a log entry; adapters keep secrets out of theirs. */
function words(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
