import type { RunEvent } from '../src/domain/event.ts';
import { logsName, logsPost } from '../src/domain/post.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import type { DriveDeps } from './deps.ts';
import { loadExecutor } from './stage.ts';

/** How long looking may take, in ms. */
const lookWithinMs = 60_000;

/** How long they are kept for the message to be drawn, in ms: Slack may be away for long. */
const keptMs = 86_400_000;

/** How often the answer is written anew where the run moved in between. */
const tries = 8;

/** What answering needs. */
export type LogsDeps = Pick<DriveDeps, 'store' | 'executors' | 'kept' | 'doorbell' | 'log'>;

/** Looks up what somebody asked to see of a run, and posts it. It only reads, so it needs no hold on the target and goes on beside whoever has it. */
export async function answerLogs(deps: LogsDeps, found: RunWithLog, abort: AbortSignal): Promise<void> {
  const asked = waiting(found.events);
  if (asked === null) return;
  const signal = AbortSignal.any([abort, AbortSignal.timeout(lookWithinMs)]);
  const cause = await keepLogs(deps, found, asked, signal);
  // Whoever takes the job up again after this process looks anew; an answer that is lost is asked for again.
  if (abort.aborted) return;
  await answer(deps, found, asked, cause).catch((failure: unknown) =>
    deps.log.warn({ run: found.run.id, err: failure }, 'The description and logs of a run could not be posted'),
  );
}

/** The number of the last question that has no answer yet. */
function waiting(events: readonly RunEvent[]): number | null {
  const asked = events.findLast(event => event.kind === 'logs-asked')?.version ?? null;
  return events.some(event => event.kind === 'logs-kept' && event.asked === asked) ? null : asked;
}

async function keepLogs(deps: LogsDeps, found: RunWithLog, asked: number, signal: AbortSignal): Promise<Reason | null> {
  try {
    const parts = await describe(deps, found, signal);
    if (parts.length === 0) return reason('nothing-to-describe');
    const kept = await deps.kept.keep(logsName(found.run.id, asked), `${parts.join('\n\n')}\n`, keptMs);
    return kept ? null : reason('too-much-to-keep');
  } catch (failure) {
    deps.log.info({ run: found.run.id, err: failure }, 'The description and logs of a run could not be had');
    if (failure instanceof Refusal) return failure.reason;
    return reason(signal.aborted ? 'target-unreachable' : 'internal', {}, String(failure).slice(0, 300));
  }
}

/** What every object of the plan looks like, each once, in the order of the plan; those of executors that cannot tell are left out. */
async function describe(deps: LogsDeps, { run }: RunWithLog, signal: AbortSignal): Promise<readonly string[]> {
  const objects = new Set<string>();
  const parts: string[] = [];
  for (const operation of run.plan?.operations ?? []) {
    const executor = await loadExecutor(deps, operation.executor);
    if (!executor.describe || objects.has(operation.object)) continue;
    objects.add(operation.object);
    parts.push(await executor.describe({ run: run.id, target: run.request.target, signal }, operation));
  }
  return parts.filter(part => part !== '');
}

async function answer(
  { store, doorbell }: LogsDeps,
  found: RunWithLog,
  asked: number,
  cause: Reason | null,
): Promise<void> {
  const { id } = found.run;
  let { version } = found.run;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const events = [{ kind: 'logs-kept', asked, reason: cause }] as const;
    const result = await store.change(id, { version }, { events, posts: [logsPost(id, asked)] });
    if (result.ok) return doorbell.ringRelay();
    const now = result.why === 'conflict' ? await store.read(id) : null;
    if (!now || waiting(now.events) !== asked) return;
    version = now.run.version;
  }
}
