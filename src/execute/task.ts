import type { JournalPhase } from '../domain/event.ts';
import type { RunId } from '../domain/ids.ts';
import type { Span } from '../domain/plan.ts';
import type { ApplyContext, Executor, OperationLike } from '../ports/executor.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Lease, LeaseLost } from './lease.ts';

/** One operation to bring about, forwards or back. */
export interface Task {
  readonly run: RunId;
  readonly phase: JournalPhase;
  readonly index: number;
  readonly executor: Executor;
  readonly operation: OperationLike;
  readonly timeoutMs: number;
  /** The operations that may run beside it. */
  readonly beside: Span;
  /** From when its time counts where it is resumed, epoch ms: when it was begun before, or a person had it looked at again. */
  readonly countsFrom?: number;
}

interface Applying {
  readonly deps: ExecuteDeps;
  readonly lease: Lease;
  readonly task: Task;
  readonly countsFrom: Required<ApplyContext>['countsFrom'];
}

/** What a task's executor is called with; a child process that cannot be journalled loses the lease. */
export function applyContext({ deps, lease, task, countsFrom }: Applying, signal: AbortSignal): ApplyContext {
  return {
    run: task.run,
    target: lease.target,
    signal,
    fence: lease.fence,
    idempotencyKey: `${task.run}/${task.phase}/${task.index}`,
    countsFrom,
    progress: noted => deps.progressed(task.run, lease.fence, noted),
    child: async process => {
      const journalled = await deps.store
        .child(lease.target, lease.fence, { ...process, host: deps.host })
        .catch(() => false);
      if (journalled) return;
      lease.lose();
      throw new LeaseLost(lease.target);
    },
  };
}
