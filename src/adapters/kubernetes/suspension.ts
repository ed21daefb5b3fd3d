import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { OperationDraft } from '../../domain/plan.ts';
import { badArgument, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import type { Connection } from './connect.ts';
import { objectName, whereFields } from './input.ts';
import { moved } from './kube-error.ts';
import { flux, kubectl } from './kubectl.ts';
import { type Live, type ObjectPlace, patchLive, readLive } from './live-object.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import {
  isBusy,
  isOff,
  nameOf,
  offOf,
  placeOfReconciler,
  type Reconciler,
  rendersLive,
  switchOf,
  switchPatch,
  tools,
} from './reconcilers.ts';
import { hashOf } from './template.ts';

const json = z.custom<Json>(value => value !== undefined);

/** What an operation on a reconciler says: its switch as it was found, and whether it is suspended or resumed. */
const suspensionBody = z.strictObject({
  action: z.enum(['suspend-owner', 'resume-owner']),
  ...whereFields,
  kind: z.enum(['Application', 'Kustomization', 'HelmRelease']),
  name: objectName,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  before: json,
});

/** A reconciler that is suspended or resumed. */
export type Suspension = z.infer<typeof suspensionBody>;

/** Reads an operation's body; null where it is no suspension. */
export function readSuspension(body: JsonObject): Suspension | null {
  if (body.action !== 'suspend-owner' && body.action !== 'resume-owner') return null;
  const parsed = suspensionBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badArgument(parsed.error);
}

const placeOf = (suspension: Suspension): ObjectPlace => placeOfReconciler(suspension, suspension);
const wantedOf = ({ action, kind, before }: Suspension): Json => (action === 'suspend-owner' ? offOf(kind) : before);
const otherOf = ({ action, kind, before }: Suspension): Json => (action === 'suspend-owner' ? before : offOf(kind));
const same = (one: Json, other: Json) => hashOf(one) === hashOf(other);

/** Whether our suspension is the one that stands: what was resumed, set otherwise, deleted or made anew since is not ours to put back. */
const isOurs = ({ kind, uid }: Suspension, live: Live | null): live is Live =>
  live !== null && live.metadata.uid === uid && same(switchOf(kind, live), offOf(kind));

function isApplied(suspension: Suspension, live: Live): boolean {
  if (suspension.action === 'resume-owner') return !isOurs(suspension, live);
  return live.metadata.uid === suspension.uid && same(switchOf(suspension.kind, live), wantedOf(suspension));
}

/** Who, and how it is switched: what moves by itself (a sync, its outcome) was not judged. */
const fingerprintOf = (suspension: Suspension, live: Live) =>
  hashOf({ uid: live.metadata.uid, switch: switchOf(suspension.kind, live) });

/** The operation that suspends a reconciler until somebody releases the hold; tried first without doing it. Throws `KubeError`. */
export async function draftSuspension(
  connection: Connection,
  at: Pick<ObjectPlace, 'context' | 'kubeconfig'>,
  reconciler: Reconciler,
  live: Live,
  signal: AbortSignal,
): Promise<OperationDraft> {
  const { kind, namespace, name } = reconciler;
  const { context, kubeconfig } = at;
  const where = { context, kubeconfig, namespace, kind, name };
  const body: Suspension = { action: 'suspend-owner', ...where, uid: live.metadata.uid, before: switchOf(kind, live) };
  const back: Suspension = { ...body, action: 'resume-owner' };
  await patchLive(connection, placeOf(body), switchPatch(kind, live, wantedOf(body)), { dryRun: true, signal });
  const object = nameOf(reconciler);
  const facts = { object, owner: tools[kind].owner };
  return {
    object,
    body,
    preview: { summary: note('owner-suspends', facts), diff: diffOf(body) },
    fingerprint: fingerprintOf(body, live),
    idempotent: true,
    untilReleased: true,
    inverse: {
      object,
      body: back,
      preview: { summary: note('owner-resumes', facts), diff: diffOf(back) },
      idempotent: true,
    },
  };
}

function diffOf(suspension: Suspension): string {
  const field = suspension.kind === 'Application' ? 'spec.syncPolicy.automated' : 'spec.suspend';
  const line = (value: Json) => `${field}: ${value === null ? '(none)' : JSON.stringify(value)}`;
  return `-${line(otherOf(suspension))}\n+${line(wantedOf(suspension))}`;
}

/** What is there now, seen against a suspension. Throws `KubeError`. */
export async function observeSuspension(
  connection: Connection,
  suspension: Suspension,
  signal: AbortSignal,
): Promise<Observation> {
  const object = nameOf(suspension);
  const live = await readLive(connection, placeOf(suspension), signal);
  if (!live) {
    const state = suspension.action === 'resume-owner' ? 'applied' : 'unknown';
    return { state, fingerprint: hashOf('gone'), note: note('owner-gone', { object }) };
  }
  const fingerprint = fingerprintOf(suspension, live);
  const off = isOff(suspension.kind, live);
  const applied = isApplied(suspension, live);
  const git = off ? rendersLive(suspension.kind, live) : null;
  const said = note(off ? 'owner-is-suspended' : 'owner-reconciles', { object, ...(git ? { git } : {}) });
  return { state: applied ? 'applied' : 'not-applied', fingerprint, note: said };
}

/** Sets the switch; a second time finds it set. Refuses to suspend what somebody set otherwise meanwhile, and leaves that alone where it is to resume. */
export async function applySuspension(
  connection: Connection,
  suspension: Suspension,
  { signal }: ApplyContext,
): Promise<void> {
  const { kind, action } = suspension;
  await guardedWrite(
    () => readLive(connection, placeOf(suspension), signal),
    async live => {
      if (action === 'resume-owner' && !isOurs(suspension, live)) return;
      if (live?.metadata.uid !== suspension.uid) throw moved(nameOf(suspension));
      const now = switchOf(kind, live);
      if (same(now, wantedOf(suspension))) return;
      if (!same(now, otherOf(suspension))) throw moved(nameOf(suspension));
      await patchLive(connection, placeOf(suspension), switchPatch(kind, live, wantedOf(suspension)), {
        dryRun: false,
        signal,
      });
    },
    signal,
  );
}

/** How long a sync that began before may take to end, in ms. */
const limitMs = 60_000;

/** Suspended is what is switched off and has no sync at work any more: one that goes on would write over ours. */
export async function settleSuspension(
  connection: Connection,
  suspension: Suspension,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const { action, kind } = suspension;
  const object = nameOf(suspension);
  const facts = { object, owner: tools[kind].owner };
  const look = async (): Promise<Settlement | null> => {
    const live = await readLive(connection, placeOf(suspension), context.signal);
    if (action === 'resume-owner') {
      if (isOurs(suspension, live)) throw moved(object);
      return { state: 'settled', note: note(live ? 'owner-reconciles' : 'owner-gone', facts), served: false };
    }
    if (!live || !same(switchOf(kind, live), wantedOf(suspension))) throw moved(object);
    return isBusy(kind, live) ? null : { state: 'settled', note: note('owner-is-suspended', facts), served: false };
  };
  const overdue = (): Settlement => ({
    state: 'failed',
    served: false,
    reason: reason('not-settled', { object, cause: 'sync-goes-on', ms: limitMs }),
  });
  return settleBy(object, look, overdue, { context, clock, limitMs });
}

/** The same as commands for a person. */
export function suspensionByHand(suspension: Suspension): readonly string[] {
  const { kind, name, action, before } = suspension;
  const suspends = action === 'suspend-owner';
  if (kind === 'Application') {
    const op = suspends ? { op: 'remove' } : { op: 'add', value: before };
    const patch = JSON.stringify([{ ...op, path: '/spec/syncPolicy/automated' }]);
    return [kubectl(suspension, 'patch', 'application', name, '--type', 'json', '-p', patch)];
  }
  return [flux(suspension, suspends ? 'suspend' : 'resume', kind.toLowerCase(), name)];
}
