import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { badArgument, Refusal, reason } from '../../domain/reason.ts';
import type { Observation } from '../../ports/executor.ts';
import { refuseInUse } from './configuration-users.ts';
import type { Connection } from './connect.ts';
import { type Content, contentHash } from './content.ts';
import type { Keeper } from './keep.ts';
import { type Keyed, keyedFields, keyedObject, readKeyed } from './keyed.ts';
import { isTransient, KubeError, moved, refusalOf, unlessGone } from './kube-error.ts';
import { guardedWrite } from './object-executor.ts';
import { ownersOf } from './owners.ts';
import { hashOf } from './template.ts';
import { createKeyed, deleteKeyed, replaceContent } from './write-configuration.ts';

const contentId = z.string().regex(/^(backout-copy-)?[0-9a-f]{32,40}$/);

/** What an operation says that brings a ConfigMap or Secret back to a content that is kept: hashes and names only. */
export const restoreBody = z.strictObject({
  action: z.literal('configuration'),
  ...keyedFields,
  /** Uid of the object that is changed; null where there is none, or where it is one that Backout made. */
  uid: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .nullable(),
  /** What the content is compared by, before and after; null where the object is not there. */
  before: contentId.nullable(),
  after: contentId.nullable(),
  /** Whether the object may be deleted and created anew, since it cannot be changed. */
  replace: z.boolean(),
  /** What a newly made object is given. */
  labels: z.record(z.string(), z.string()),
  immutable: z.boolean(),
});

/** A ConfigMap or Secret that is brought back. */
export type Restore = z.infer<typeof restoreBody>;

/** The content of an object as it was read. */
export function contentOf(keyed: Keyed): Content {
  return { data: keyed.data ?? {}, binaryData: keyed.binaryData ?? {}, type: keyed.type ?? null };
}

/** The object as it is now; null where it is not there. Throws `KubeError`. */
export async function lookAtKeyed(
  connection: Connection,
  place: Pick<Restore, 'kind' | 'namespace' | 'name' | 'context' | 'kubeconfig'>,
  signal: AbortSignal,
): Promise<Keyed | null> {
  return unlessGone(readKeyed(connection, place, signal));
}

const hashNow = (restore: Pick<Restore, 'kind' | 'name'>, keyed: Keyed | null) =>
  keyed && contentHash(restore, contentOf(keyed));

/** Hash of what is written and was judged: which object it is, its content, its owners, whether it may change. */
export function restoreFingerprint(restore: Pick<Restore, 'kind' | 'name'>, keyed: Keyed | null): string {
  if (!keyed) return hashOf('gone');
  const { metadata, immutable } = keyed;
  return hashOf({ uid: metadata.uid, content: hashNow(restore, keyed), owners: ownersOf(keyed), immutable });
}

/** What is there now, seen against a restore. Throws `KubeError`. */
export async function observeRestore(
  connection: Connection,
  restore: Restore,
  signal: AbortSignal,
): Promise<Observation> {
  const keyed = await lookAtKeyed(connection, restore, signal);
  const applied = hashNow(restore, keyed) === restore.after;
  const code = applied ? 'configuration-is-at' : 'configuration-is-not-at';
  return {
    state: applied ? 'applied' : 'not-applied',
    fingerprint: restoreFingerprint(restore, keyed),
    note: note(code, { object: keyedObject(restore) }),
  };
}

/**
 * Keeps what the object holds now, then writes what it held before; a second time finds it written. Refuses an object that is neither what was
 * approved nor what it is to become. Throws `KubeError`.
 */
export async function applyRestore(
  connection: Connection,
  keeper: Keeper,
  restore: Restore,
  signal: AbortSignal,
): Promise<void> {
  const look = () => lookAtKeyed(connection, restore, signal);
  const write = async (now: Keyed | null): Promise<void> => {
    const hash = hashNow(restore, now);
    if (hash === restore.after) return;
    // A worker that ended between deleting and creating leaves nothing there.
    const expected = now ? hash === restore.before && isIt(restore, now) : mayBeGone(restore);
    if (!expected) throw moved(keyedObject(restore));
    const content = await contentToWrite(connection, keeper, restore, signal);
    if (now && restore.after !== null) await keepNow(connection, keeper, restore, now, signal);
    if (now && content && !mustReplace(now, content)) {
      await replaceContent(connection, restore, now, content, { dryRun: false, signal });
      return;
    }
    if (now && content && !restore.replace) throw immutableRefusal(restore);
    if (now?.immutable && content) await refuseInUse(connection, restore, signal);
    if (now) await deleteKeyed(connection, restore, now, { dryRun: false, signal });
    if (content) await makeAnew(connection, restore, content, now, signal);
  };
  await guardedWrite(look, write, signal);
}

/** Makes the object; where the API server refuses that for good, what was deleted for it is put back, so that no pod starts without any. */
async function makeAnew(
  connection: Connection,
  restore: Restore,
  content: Content,
  deleted: Keyed | null,
  signal: AbortSignal,
): Promise<void> {
  const options = { dryRun: false, signal };
  try {
    await createKeyed(connection, restore, content, options);
  } catch (error) {
    if (!deleted || !(error instanceof KubeError) || error.status === 409 || isTransient(error)) throw error;
    const { labels, annotations } = deleted.metadata;
    const before = { ...restore, labels, annotations, immutable: deleted.immutable };
    await createKeyed(connection, before, contentOf(deleted), options);
    // The server's last word: tried again, it would delete once more.
    throw refusalOf(error);
  }
}

/** What may be deleted for its content may bear another uid: it was put back after a write that was refused. */
const isIt = ({ uid, replace }: Restore, { metadata }: Keyed) => uid === null || replace || metadata.uid === uid;
const mayBeGone = ({ before, replace }: Restore) => before === null || replace;

/** Whether an object cannot be changed to a content: it is immutable, or a Secret of another type. */
export function mustReplace(keyed: Keyed, content: Content): boolean {
  const ofType = content.type === null || keyed.type == null || keyed.type === content.type;
  return keyed.immutable || !ofType;
}

/** The sentence on an object that can only be deleted and created anew. */
export function immutableRefusal(restore: Pick<Restore, 'kind' | 'namespace' | 'name'>): Refusal {
  const object = keyedObject(restore);
  return new Refusal(reason('plan-failed', { object, why: 'immutable' }));
}

async function contentToWrite(
  connection: Connection,
  keeper: Keeper,
  restore: Restore,
  signal: AbortSignal,
): Promise<Content | null> {
  if (restore.after === null) return null;
  const content = await keeper.find(connection, restore, restore.after, signal);
  if (content) return content;
  throw new Refusal(reason('cannot-revert', { object: keyedObject(restore), why: 'not-kept' }));
}

async function keepNow(
  connection: Connection,
  keeper: Keeper,
  restore: Restore,
  now: Keyed,
  signal: AbortSignal,
): Promise<void> {
  if (await keeper.keep(connection, restore, contentOf(now), { dryRun: false, signal })) return;
  throw new Refusal(reason('cannot-revert', { object: keyedObject(restore), why: 'cannot-keep' }));
}

/** Reads an operation's body; null where it is another kind of operation. Refuses a body that holds a hostile name. */
export function readRestore(body: JsonObject): Restore | null {
  if (body.action !== 'configuration') return null;
  const parsed = restoreBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badArgument(parsed.error);
}
