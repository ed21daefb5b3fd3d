import type { RunEventBody } from '../src/domain/event.ts';
import { systemActor } from '../src/domain/person.ts';
import { cardPost, type Post, replyPost, rootPost } from '../src/domain/post.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { Freeze } from '../src/domain/release.ts';
import type { Run, RunWithLog } from '../src/domain/run.ts';
import type { ExecuteDeps } from '../src/execute/deps.ts';
import { write } from '../src/execute/driving.ts';
import type { Lease } from '../src/execute/lease.ts';
import type { Change } from '../src/ports/run-store.ts';
import type { DriveDeps, Turn } from './deps.ts';
import { pause } from './pause.ts';

/** One turn at a run whose target this worker holds. */
export interface Held {
  readonly deps: DriveDeps;
  readonly lease: Lease;
  readonly turn: Turn;
}

/** What was read behind the taking of a run's target. */
export interface AtTaking {
  readonly freeze: Freeze | null;
}

/**
 * Takes a run one stage on; answers the run where the stage has read it anew, and `rest` where nothing is to be done until something happens.
 * The first stage of a turn gets what was read as the target was taken.
 */
export type Stage = (held: Held, found: RunWithLog, taking: AtTaking | null) => Promise<'on' | 'rest' | RunWithLog>;

/** An end that nobody was asked for or that came before anything was touched. */
type PlainEnd = Extract<Extract<RunEventBody, { kind: 'ended' }>['status'], 'failed' | 'noop' | 'superseded'>;

/** The change that ends a run before anything was touched. */
export function endChange(deps: Pick<DriveDeps, 'worker'>, run: Run, status: PlainEnd, cause: Reason): Change {
  const shown: readonly Post[] = run.approval || cause.code === 'observe-only' ? [cardPost(run.id)] : [];
  return {
    events: [{ kind: 'ended', status, reason: cause, by: systemActor(deps.worker) }],
    clearTimers: ['remind', 'expire'],
    posts: [rootPost(run.id, 'urgent'), ...shown, replyPost(run.id, run.version + 1, 'ended')],
  };
}

/** Writes a change as the run's driver. */
export async function writeHeld({ deps, lease }: Held, run: Run, change: Change): Promise<void> {
  await write(deps, lease, run.id, change);
}

/** What the execute stage needs, out of what a worker has. */
export function executeDeps({ deps, turn }: Held): ExecuteDeps {
  const { store, crashPoint, worker, host } = deps;
  return {
    store,
    crashPoint,
    worker,
    host,
    executor: kind => loadExecutor(deps, kind),
    sleep: pause,
    pausing: () => turn.stopping.aborted,
    progressed: (run, fence, note) => {
      store.progress(run, fence, note).catch((failure: unknown) => deps.log.debug({ run, failure }, 'progress lost'));
    },
  };
}

/** Loads the executor of a kind; throws a `Refusal` where this worker knows none. */
export async function loadExecutor(deps: Pick<DriveDeps, 'executors'>, kind: string) {
  const entry = deps.executors.get(kind);
  if (!entry) throw new Refusal(reason('plan-failed', { step: kind }));
  return entry.load();
}
