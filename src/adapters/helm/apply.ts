import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { ApplyContext } from '../../ports/executor.ts';
import { helmEnvironment, lastLines, rollbackArgv } from './binary.ts';
import type { Rollback } from './body.ts';
import type { History } from './history.ts';
import { type HelmDeps, objectOf } from './input.ts';
import { isPending, type Revision } from './revision.ts';
import { standingOf } from './standing.ts';
import { markFailed } from './unlock.ts';

/** The engine ends a step that takes too long; this only bounds what nobody aborts, in ms. */
const longestMs = 4 * 3_600_000;

/**
 * Has helm roll back, unless it is done. A revision of ours that was cut off is marked failed first and made again; where somebody else went on,
 * nothing is started. What helm itself reports as failed is left to `settle`, which tells whether anything of it served.
 */
export async function applyRollback(
  deps: HelmDeps,
  cluster: Cluster,
  history: History,
  body: Rollback,
  context: ApplyContext,
): Promise<void> {
  const { signal } = context;
  const latest = await mayBegin(cluster, history, body, signal);
  if (latest === null) return;
  if (isPending(latest)) await unlock(deps, cluster, history, body, latest, 'cut off by a kill', signal);
  context.progress(note('helm-works', { object: objectOf(body), revision: body.to.number }));
  const run = await deps.processes.run({
    argv: rollbackArgv(body, `Rollback to ${body.to.number} (Backout ${context.idempotencyKey})`),
    env: helmEnvironment(deps, body),
    timeoutMs: longestMs,
    signal,
    onStart: child => context.child(child),
  });
  if (run.exitCode === 0 && !run.aborted && !run.timedOut) return;
  // Whoever aborted looks next, or another worker does: nothing more is written here.
  if (run.aborted || run.timedOut) return;
  const words = lastLines(run);
  const after = await newestOf(cluster, history, body, signal);
  if (!after || after.number <= latest.number) throw failed(body, words);
  if (isPending(after) && after.content === body.to.content)
    await unlock(deps, cluster, history, body, after, words, signal);
}

/** The newest revision, on top of which helm may begin; null where the work is done. Throws `Refusal` where the release moved. */
async function mayBegin(
  cluster: Cluster,
  history: History,
  body: Rollback,
  signal: AbortSignal,
): Promise<Revision | null> {
  const found = await history.read(cluster, body, signal, Math.min(body.base.number, body.to.number));
  const standing = standingOf(body, found);
  if (standing.kind === 'done') return null;
  if (standing.kind === 'gone' || standing.kind === 'unreadable' || standing.kind === 'moved')
    throw new Refusal(reason('target-changed', { object: objectOf(body) }));
  const { latest } = standing;
  if (latest.number === body.base.number && latest.status !== body.base.status && isPending(latest))
    throw new Refusal(reason('target-changed', { object: objectOf(body) }));
  const target = found.revisions.find(({ number }) => number === body.to.number);
  if (target?.content === body.to.content) return latest;
  const facts = { object: objectOf(body), release: body.to.version, revision: body.to.number };
  throw new Refusal(reason('release-not-eligible', { ...facts, why: 'revision-changed' }));
}

async function newestOf(cluster: Cluster, history: History, body: Rollback, signal: AbortSignal) {
  const { revisions } = await history.read(cluster, body, signal, body.base.number);
  return revisions[0] ?? null;
}

async function unlock(
  deps: HelmDeps,
  cluster: Cluster,
  history: History,
  body: Rollback,
  { number, status }: Revision,
  why: string,
  signal: AbortSignal,
): Promise<void> {
  const description = `${status} was marked failed by Backout: ${why}`.replace(/\s+/g, ' ');
  const options = { number, description, at: deps.clock.now(), signal };
  if (await markFailed(cluster, history, body, options)) return;
  throw new Refusal(reason('target-changed', { object: objectOf(body) }));
}

function failed(body: Rollback, words: string): Refusal {
  return new Refusal(reason('step-failed', { object: objectOf(body) }, words));
}
