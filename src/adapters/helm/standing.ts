import type { Rollback } from './body.ts';
import type { Revisions } from './history.ts';
import { isPending, type Revision } from './revision.ts';

/**
 * Where a rollback stands, told by the books alone:
 * `untouched`: helm has not begun; `cut`: a revision of ours is pending, and no helm of ours lives any more; `failed`: helm says that ours
 * failed; `done`: ours is deployed; `moved`: somebody else went on from there; `gone`: no such release.
 */
export type Standing =
  | { readonly kind: 'untouched'; readonly latest: Revision }
  | { readonly kind: 'cut' | 'failed' | 'done'; readonly latest: Revision }
  | { readonly kind: 'moved'; readonly latest: Revision }
  | { readonly kind: 'unreadable'; readonly number: number }
  | { readonly kind: 'gone' };

/** Works it out. Ours is what holds exactly the target's chart, values, manifest and hooks above the base: whoever made it, the effect is the same. */
export function standingOf(body: Rollback, { revisions, unread }: Revisions): Standing {
  const above = revisions.filter(({ number }) => number > body.base.number).toReversed();
  const base = revisions.find(({ number }) => number === body.base.number);
  const newest = Math.max(0, ...unread);
  if (newest > body.base.number || (newest > 0 && revisions.length === 0))
    return { kind: 'unreadable', number: newest };
  const latest = above.at(-1) ?? base ?? revisions[0];
  if (!latest) return { kind: 'gone' };
  if (base && base.secret.uid !== body.base.uid) return { kind: 'moved', latest };
  if (!base || !isOurs(body, above)) return { kind: 'moved', latest };
  if (above.length === 0) return atBase(body, latest);
  if (latest.content !== body.to.content) return { kind: 'untouched', latest };
  if (latest.status === 'deployed') return { kind: 'done', latest };
  if (isPending(latest)) return { kind: 'cut', latest };
  return latest.status === 'failed' ? { kind: 'failed', latest } : { kind: 'moved', latest };
}

/** Nothing above the base: an inverse has nothing to put back where the base is as it was. */
function atBase(body: Rollback, latest: Revision): Standing {
  const same = body.over !== null && latest.status === body.base.status;
  return { kind: same ? 'done' : 'untouched', latest };
}

/** First copies of what is undone, if any, then copies of the target. */
function isOurs(body: Rollback, above: readonly Revision[]): boolean {
  const first = above.findIndex(({ content }) => content !== body.over);
  const rest = first < 0 ? [] : above.slice(first);
  return rest.every(({ content }) => content === body.to.content);
}
