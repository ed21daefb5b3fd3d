import { readProcess } from '../../src/adapters/process/start-time.ts';
import type { RunId, TargetId } from '../../src/domain/ids.ts';
import type { Note } from '../../src/domain/note.ts';
import type { OperationDraft } from '../../src/domain/plan.ts';
import type { ApplyContext, Executor, OperationLike } from '../../src/ports/executor.ts';
import type { ExecutorWorld } from './executor.ts';

/** A child process as an executor journals it. */
export interface JournalledChild {
  readonly pid: number;
  readonly startTime: string;
}

/** Where a worker is killed while it drives one operation; `afterMs` into the call for the points within one. */
export type KillPoint =
  | { readonly at: 'observed' | 'applied' | 'settled' }
  | { readonly at: 'applying' | 'settling'; readonly afterMs: number };

/** Everything an executor said while it was driven: what a run's log, job data and screens would hold. */
export interface Trace {
  readonly said: unknown[];
  readonly children: JournalledChild[];
}

/** How long an executor may go on once it is told to end, in ms. */
const endsWithinMs = 8_000;

export const contractRun = '01K9ZC0NTRACT0000000000000' as RunId;
export const contractTarget = 'shop/production' as TargetId;

/** What one attempt came to: `stopped` is the engine's needs-operator, which only an unseen, unrepeatable operation may end in. */
export type Attempt = 'done' | 'killed' | 'stopped' | 'failed';

export function applyContext(trace: Trace, key: string, fence: number, signal: AbortSignal): ApplyContext {
  return {
    run: contractRun,
    target: contractTarget,
    signal,
    fence,
    idempotencyKey: `${contractRun}/${key}`,
    progress: (note: Note) => void trace.said.push(note),
    child: async child => void trace.children.push(child),
  };
}

/** Drives one operation as the engine does, once, up to where it is killed. */
export async function attempt(
  executor: Executor,
  operation: OperationLike,
  trace: Trace,
  options: { readonly key: string; readonly fence: number; readonly resume: boolean; readonly kill?: KillPoint },
): Promise<Attempt> {
  const { kill } = options;
  const stop = new AbortController();
  const context = applyContext(
    trace,
    options.key,
    options.fence,
    AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]),
  );
  const observe = async () => {
    const seen = await executor.observe(context, operation);
    trace.said.push(seen);
    return seen.state;
  };
  const cut = async <Answer>(work: Promise<Answer>, at: KillPoint['at']): Promise<Answer | 'killed'> => {
    if (kill?.at !== at || !('afterMs' in kill)) return work;
    const began = performance.now();
    const timer = setTimeout(() => stop.abort(), kill.afterMs);
    const ended = await Promise.allSettled([work]);
    clearTimeout(timer);
    for (const end of ended) if (end.status === 'rejected') trace.said.push(String(end.reason?.stack));
    const ms = performance.now() - began - kill.afterMs;
    if (ms > endsWithinMs) throw new Error(`it went on for ${Math.round(ms)} ms after it was told to end`);
    const left = trace.children.filter(child => readProcess(child.pid)?.startTime === child.startTime);
    if (left.length > 0) throw new Error(`it left children behind: ${left.map(({ pid }) => pid).join(', ')}`);
    return 'killed';
  };
  await executor.raiseFence?.(context, operation);
  const before = await observe();
  if (kill?.at === 'observed') return 'killed';
  if (before === 'applied') return 'done';
  if (before === 'unknown' && options.resume && !operation.idempotent) return 'stopped';
  if (before !== 'in-progress') {
    if ((await cut(executor.apply(context, operation), 'applying')) === 'killed') return 'killed';
    if (kill?.at === 'applied') return 'killed';
  }
  const settled = await cut(executor.settle(context, operation), 'settling');
  if (settled === 'killed') return 'killed';
  trace.said.push(settled);
  if (kill?.at === 'settled') return 'killed';
  if (settled.state === 'failed') return 'failed';
  const after = await observe();
  return after === 'applied' || after === 'unknown' ? 'done' : 'failed';
}

/** Drives one operation to its end, killed once where asked: a fresh executor takes over after the dead one's children were ended. */
export async function complete(
  world: ExecutorWorld,
  operation: OperationLike,
  trace: Trace,
  key: string,
  kill?: KillPoint,
): Promise<Attempt> {
  const first = await attempt(await world.load(), operation, trace, {
    key,
    fence: 1,
    resume: false,
    ...(kill ? { kill } : {}),
  });
  if (first !== 'killed') return first;
  await world.endChildren?.(trace.children.splice(0));
  return attempt(await world.load(), operation, trace, { key, fence: 2, resume: true });
}

/** Runs a whole plan forwards; throws where an operation does not come to `done`. */
export async function runForwards(
  world: ExecutorWorld,
  operations: readonly OperationDraft[],
  trace: Trace,
): Promise<void> {
  for (const [index, operation] of operations.entries()) {
    const end = await complete(world, operation, trace, `apply/${index}`);
    if (end !== 'done')
      throw new Error(`operation ${index} (${operation.object}) ended ${end}: ${JSON.stringify(trace.said)}`);
  }
}

/** Puts a whole plan back by its inverses, last first. */
export async function runBackwards(
  world: ExecutorWorld,
  operations: readonly OperationDraft[],
  trace: Trace,
): Promise<void> {
  for (const [index, operation] of [...operations.entries()].reverse()) {
    if (!operation.inverse) throw new Error(`operation ${index} has no inverse`);
    const end = await complete(world, operation.inverse, trace, `revert/${index}`);
    if (end !== 'done') throw new Error(`inverse ${index} ended ${end}: ${JSON.stringify(trace.said)}`);
  }
}
