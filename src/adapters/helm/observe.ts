import { note } from '../../domain/note.ts';
import { reason } from '../../domain/reason.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { Observation, Settlement } from '../../ports/executor.ts';
import type { Rollback } from './body.ts';
import { hashOf } from './hash.ts';
import type { History, Revisions } from './history.ts';
import { objectOf } from './input.ts';
import { compareManifests, partsOf } from './manifest.ts';
import type { Revision } from './revision.ts';
import { anyServed } from './served.ts';
import { type Standing, standingOf } from './standing.ts';

/** Hash of what a rollback builds on and goes back to: the newest revision with its status, and the content of the target. */
export function fingerprintOf(
  latest: Revision | undefined,
  to: { readonly uid: string; readonly content: string },
): string {
  return hashOf({
    latest: latest ? [latest.number, latest.secret.uid, latest.status, latest.content] : null,
    to: [to.uid, to.content],
  });
}

/** What the books say of a rollback now. Throws `Refusal`. */
export async function observeRollback(
  cluster: Cluster,
  history: History,
  body: Rollback,
  signal: AbortSignal,
): Promise<Observation> {
  const found = await history.read(cluster, body, signal, Math.min(body.base.number, body.to.number));
  return { ...seen(body, standingOf(body, found)), fingerprint: fingerprintNow(body, found) };
}

/** The target counts as it is now: one that is gone or was written over shows. */
function fingerprintNow(body: Rollback, { revisions }: Revisions): string {
  const target = revisions.find(({ number }) => number === body.to.number);
  return fingerprintOf(revisions[0], { uid: target?.secret.uid ?? '', content: target?.content ?? '' });
}

function seen(body: Rollback, standing: Standing): Pick<Observation, 'state' | 'note'> {
  const object = objectOf(body);
  const to = body.to.number;
  if (standing.kind === 'gone') return { state: 'unknown', note: note('helm-release-gone', { object }) };
  if (standing.kind === 'unreadable') {
    return { state: 'unknown', note: note('helm-unreadable', { object, revision: standing.number }) };
  }
  const { number: revision, status, description } = standing.latest;
  if (standing.kind === 'done') return { state: 'applied', note: note('helm-is-at', { object, revision, to }) };
  if (standing.kind === 'untouched') {
    return { state: 'not-applied', note: note('helm-is-not-at', { object, revision, to }) };
  }
  if (standing.kind === 'moved')
    return { state: 'not-applied', note: note('helm-moved', { object, revision, status }) };
  if (standing.kind === 'failed') {
    const state = body.unseenHooks ? 'unknown' : 'not-applied';
    return { state, note: note('helm-failed', { object, revision }, description) };
  }
  const code = body.unseenHooks ? 'helm-cut-with-hooks' : 'helm-cut';
  return { state: body.unseenHooks ? 'unknown' : 'not-applied', note: note(code, { object, revision, status }) };
}

/** How a rollback came to rest: helm has waited already, so its books say it; where it failed, the pods say whether anything served. */
export async function settleRollback(
  cluster: Cluster,
  history: History,
  body: Rollback,
  signal: AbortSignal,
): Promise<Settlement> {
  const standing = standingOf(body, await history.read(cluster, body, signal, body.base.number));
  const object = objectOf(body);
  if (standing.kind === 'done') {
    const facts = { object, revision: standing.latest.number, to: body.to.number };
    return { state: 'settled', note: note('helm-is-at', facts), served: true };
  }
  if (standing.kind === 'moved' || standing.kind === 'gone' || standing.kind === 'unreadable') {
    return { state: 'failed', reason: reason('target-changed', { object }), served: true };
  }
  const { description, status, number } = standing.latest;
  const facts = { object, version: body.to.version };
  const why =
    standing.kind === 'failed'
      ? reason('not-settled', facts, description)
      : reason('not-settled', { ...facts, why: 'revision-is', revision: number, status });
  const served = standing.kind !== 'untouched' && (await hasServed(cluster, history, body, signal));
  return { state: 'failed', reason: why, served };
}

async function hasServed(cluster: Cluster, history: History, body: Rollback, signal: AbortSignal): Promise<boolean> {
  const [before, after] = await Promise.all([
    history.open(cluster, body, body.base.number, signal),
    history.open(cluster, body, body.to.number, signal),
  ]);
  if (!before || !after) return true;
  const parts = (manifest: string) => partsOf(manifest, body.namespace);
  return anyServed(cluster, compareManifests(parts(before.payload.manifest), parts(after.payload.manifest)), signal);
}
