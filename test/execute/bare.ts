import { setTimeout as delay } from 'node:timers/promises';
import { note } from '../../src/domain/note.ts';
import type { ExecuteDeps } from '../../src/execute/deps.ts';
import type { Lease } from '../../src/execute/lease.ts';
import type { Task } from '../../src/execute/task.ts';
import type { Executor, OperationLike } from '../../src/ports/executor.ts';
import { newId } from '../engine/sample.ts';
import { service } from '../jobs/catalogue.ts';

/** A lease that holds until it is lost. */
export function bareLease(fence = 4): Lease {
  const gone = new AbortController();
  return {
    target: service,
    fence,
    signal: gone.signal,
    check: () => undefined,
    lose: () => gone.abort(),
    stop: () => undefined,
  };
}

/** What driving an operation needs, for one executor and without a store: everything is begun fresh and taken. */
export function bareDeps(executor: Executor, store: Partial<ExecuteDeps['store']> = {}): ExecuteDeps {
  return {
    store: {
      read: async () => null,
      begin: async () => 'fresh',
      outcome: async () => 'ok',
      child: async () => true,
      change: async () => ({ ok: true, version: 1, at: 0 }),
      ...store,
    },
    executor: async () => executor,
    crashPoint: async () => undefined,
    sleep: (ms, signal) => delay(Math.min(ms, 100), undefined, { signal }).catch(() => undefined),
    pausing: () => false,
    worker: 'w',
    host: 'h',
    progressed: () => undefined,
  };
}

/** An operation to drive. */
export function bareTask(executor: Executor, operation: Partial<OperationLike> = {}, timeoutMs = 2_000): Task {
  const preview = { summary: note('x'), diff: '' };
  const whole = { object: 'thing', body: {}, preview, idempotent: false, ...operation };
  const beside = { first: 2, last: 2 };
  return { run: newId(), phase: 'apply', index: 2, executor, operation: whole, timeoutMs, beside };
}
