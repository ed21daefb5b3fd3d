import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft } from '../../domain/plan.ts';
import type { Release } from '../../domain/release.ts';
import { refuseInUse } from './configuration-users.ts';
import type { Connection } from './connect.ts';
import type { Consumer } from './consumers.ts';
import { type Content, contentHash } from './content.ts';
import type { Place } from './input.ts';
import type { Keeper } from './keep.ts';
import { type Keyed, keyedObject } from './keyed.ts';
import { KubeError } from './kube-error.ts';
import { type Accepted, hasChosen, ownersOf } from './owners.ts';
import { type Found, wordsOf } from './references.ts';
import {
  contentOf,
  immutableRefusal,
  lookAtKeyed,
  mustReplace,
  type Restore,
  restoreFingerprint,
} from './restore-configuration.ts';
import { changedKeys, diffOf, sharedWith } from './restore-words.ts';
import { createKeyed, mayDeleteKeyed, replaceContent, tryReplacing } from './write-configuration.ts';

/** What is to be brought back. */
export interface RestoreQuestion extends Pick<Accepted, 'owner'> {
  readonly place: Place;
  /** The workload as people read it. */
  readonly object: string;
  readonly to: Release;
  /** When the release's revision was made, epoch ms. */
  readonly createdAt: number;
  /** The configuration its template names, as it is now. */
  readonly found: readonly Found[];
  readonly replaceImmutable: boolean;
}

/** Another workload that reads what is taken back. */
export interface Reader {
  /** What it reads, e.g. `configmap shop/flags`. */
  readonly object: string;
  /** E.g. `deployment api`. */
  readonly workload: string;
  readonly reads: Consumer['reads'];
  /** When what it reads was last written, epoch ms; null where that is not told. */
  readonly changedAt: number | null;
}

/** What a plan does about configuration, and what it leaves. */
export interface RestorePlan {
  readonly operations: readonly (OperationDraft & { readonly body: Restore })[];
  readonly notRolledBack: readonly Note[];
  readonly notChecked: readonly Note[];
  readonly warnings: readonly Note[];
  readonly readers: readonly Reader[];
}

const nothing: RestorePlan = { operations: [], notRolledBack: [], notChecked: [], warnings: [], readers: [] };

/** Plans how a release's configuration comes back: an operation for each ConfigMap and Secret that holds something else than it did then. */
export async function planRestores(
  connection: Connection,
  keeper: Keeper,
  question: RestoreQuestion,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const parts = await Promise.all(
    question.found.map(found => planOne({ connection, keeper, question, signal }, found)),
  );
  return {
    operations: parts.flatMap(({ operations }) => operations),
    notRolledBack: parts.flatMap(({ notRolledBack }) => notRolledBack),
    notChecked: parts.flatMap(({ notChecked }) => notChecked),
    warnings: parts.flatMap(({ warnings }) => warnings),
    readers: parts.flatMap(({ readers }) => readers),
  };
}

interface Planning {
  readonly connection: Connection;
  readonly keeper: Keeper;
  readonly question: RestoreQuestion;
  readonly signal: AbortSignal;
}

/** A configuration's name in an identity. */
const idOf = ({ kind, name }: Pick<Found, 'kind' | 'name'>) => `${kind}/${name}`;

async function planOne(planning: Planning, found: Found): Promise<RestorePlan> {
  const { connection, keeper, question, signal } = planning;
  const { kind, name, hash } = found;
  if (found.state === 'forbidden' || (kind !== 'ConfigMap' && kind !== 'Secret')) return nothing;
  const then = question.to.identity[idOf(found)];
  if (then === undefined) return leftWhereChanged(question, found);
  if (then === hash) return nothing;
  const place = { ...question.place, kind, name };
  const content = await keeper.find(connection, place, then, signal);
  const keyed = content && (await lookAtKeyed(connection, place, signal));
  if (!content) return hash === null ? nothing : left(question, found, 'configuration-not-kept');
  const owners = keyed ? ownersOf(keyed) : [];
  if (owners.length > 0 && !hasChosen(question)) return left(question, found, 'configuration-owned', { owner: owners });
  if (keyed && mustReplace(keyed, content)) {
    if (!question.replaceImmutable) throw immutableRefusal(place);
    if (keyed.immutable) await refuseInUse(connection, place, signal);
  }
  return draft(planning, found, keyed, content).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 403) return left(question, found, 'configuration-not-allowed');
    throw error;
  });
}

/** Configuration that nobody saw while the release ran stays; told where it was changed since, or may have been. */
function leftWhereChanged(question: RestoreQuestion, found: Found): RestorePlan {
  const { changedAt, hash } = found;
  const changed = changedAt === null || changedAt > question.createdAt;
  return hash !== null && changed ? left(question, found, 'configuration-stays') : nothing;
}

function left(
  { object }: RestoreQuestion,
  found: Found,
  code: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
): RestorePlan {
  const when = found.changedAt === null ? {} : { changedAt: found.changedAt };
  return { ...nothing, notRolledBack: [note(code, { object, name: wordsOf(found), ...when, ...more })] };
}

async function draft(
  { connection, keeper, question, signal }: Planning,
  found: Found,
  keyed: Keyed | null,
  content: Content,
): Promise<RestorePlan> {
  const restore = restoreOf(question, found, keyed, content);
  const options = { dryRun: true, signal };
  if (!keyed) await createKeyed(connection, restore, content, options);
  else if (restore.replace) await tryReplacing(connection, restore, keyed, content, signal);
  else await replaceContent(connection, restore, keyed, content, options);
  const stays = !keyed && !(await mayDeleteKeyed(connection, restore, signal));
  const keeps = keyed === null || (await keeper.keep(connection, restore, contentOf(keyed), options));
  if (!keeps) return left(question, found, 'configuration-not-allowed');
  const { others, notChecked } = await sharedWith(connection, question.place, restore, signal);
  const object = keyedObject(restore);
  const { changedAt } = found;
  return {
    operations: [operationOf(restore, keyed, content, stays)],
    notRolledBack: [],
    notChecked,
    warnings: [
      ...(restore.replace ? [note('configuration-replaced', { object })] : []),
      ...(stays ? [note('configuration-cannot-go', { object })] : []),
    ],
    readers: others.map(other => ({ object, ...other, changedAt })),
  };
}

function restoreOf({ place }: RestoreQuestion, found: Found, keyed: Keyed | null, content: Content): Restore {
  const { namespace, context, kubeconfig } = place;
  const kind = found.kind === 'Secret' ? 'Secret' : 'ConfigMap';
  const named = { namespace, context, kubeconfig, kind, name: found.name } as const;
  return {
    action: 'configuration',
    ...named,
    uid: keyed?.metadata.uid ?? null,
    before: keyed && contentHash(named, contentOf(keyed)),
    after: contentHash(named, content),
    replace: keyed !== null && mustReplace(keyed, content),
    labels: keyed?.metadata.labels ?? {},
    immutable: keyed?.immutable ?? false,
  };
}

/** What is made anew `stays` when the rest is put back, where we may not delete it: nothing then names it any more. */
function operationOf(
  restore: Restore,
  keyed: Keyed | null,
  content: Content,
  stays: boolean,
): RestorePlan['operations'][number] {
  const object = keyedObject(restore);
  const now = keyed && contentOf(keyed);
  const code = keyed ? 'configuration-goes-back' : 'configuration-made-anew';
  // What Backout makes itself has a uid that nobody knows yet.
  const uid = restore.replace || !keyed ? null : restore.uid;
  return {
    object,
    body: restore,
    preview: {
      summary: note(code, { object, keys: changedKeys(now, content) }),
      diff: diffOf(restore, now, content),
    },
    fingerprint: restoreFingerprint(restore, keyed),
    idempotent: true,
    inverse: {
      object,
      body: { ...restore, uid, before: restore.after, after: stays ? restore.after : restore.before },
      preview: {
        summary: note(stays ? 'configuration-left' : 'configuration-put-back', { object }),
        diff: stays ? '' : diffOf(restore, content, now),
      },
      idempotent: true,
    },
  };
}
