import { parseRunId, type RunId, shortRunId } from '../src/domain/ids.ts';
import { cardPost, proposalPost, rootPost } from '../src/domain/post.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Reply } from '../src/ports/inbound.ts';
import type { NewRun } from '../src/ports/run-store.ts';
import { started } from '../templates/index.ts';
import { declined, shownBusy } from './answers.ts';
import { readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { orderOf, seedOf, type Wish } from './order.ts';
import type { Seed } from './seed.ts';
import { createRun, type Order, requestOf } from './start.ts';
import { mustHold, type Visit } from './visit.ts';

/** Asks for a rollback: looks at the wish, creates the run and says where it is told, or says why not with the ways on. */
export async function requestRollback(
  deps: DoorDeps,
  visit: Visit,
  wish: Wish,
  replaces: Seed['replaces'],
): Promise<Reply> {
  await mustHold(deps, visit, 'request');
  const ordered = await orderOf(deps, wish);
  if (ordered.kind === 'declined') return declined(visit.locale, ordered.data);
  const { order } = ordered;
  const replaced = replaces ? await replacing(deps, visit, replaces) : undefined;
  const start = await createRun(deps, visit, requestOf(visit, order), replaced);
  if (start.kind === 'busy') return await shownBusy(deps, visit, start.id, seedOf(wish));
  await takeProposal(deps, order, start.id).catch(unsure);
  const channel = visit.visitor.via === 'slack' ? order.target.channel : null;
  const screen = started(visit.locale, { run: start.id, target: order.target.target, channel });
  return { kind: 'say', screen, to: 'person', run: start.id, data: { run: start.id, target: order.target.target } };
}

/** The run is there and goes on: that its proposal could not be closed must not be told as if nothing had begun. */
function unsure(failure: unknown): void {
  if (!(failure instanceof Refusal)) throw failure;
}

/** Closes the proposal that a run was begun from. */
async function takeProposal(deps: DoorDeps, { proposal: id }: Order, run: RunId): Promise<void> {
  const proposal = id ? await deps.alerts.proposal(id) : null;
  if (proposal?.status !== 'open') return;
  await deps.alerts.close(proposal.id, proposal.version, 'taken', run, [proposalPost(proposal.id)]);
  deps.doorbell.ringRelay();
}

/** Ends the run that is replaced, in the same step; refused where it was approved meanwhile. */
async function replacing(
  deps: DoorDeps,
  visit: Visit,
  seen: NonNullable<Seed['replaces']>,
): Promise<(next: RunId) => NonNullable<NewRun['replaces']>> {
  const id = parseRunId(seen.run);
  if (!id) throw new Refusal(reason('stale-card'));
  const { run } = await readRun(deps, id);
  const open = run.status === 'requested' || run.status === 'planned' || run.status === 'awaiting-approval';
  if (!open) throw new Refusal(reason('stale-card'));
  const own = run.request.by.kind === 'person' && run.request.by.person === visit.member.id;
  if (!own) await mustHold(deps, visit, 'cancel');
  return next => ({
    run: id,
    guard: { version: run.version },
    events: [
      {
        kind: 'ended',
        status: 'superseded',
        reason: reason('superseded-by-run', { run: shortRunId(next) }),
        by: visit.actor,
        next,
      },
    ],
    posts: [rootPost(id, 'urgent'), ...(run.approval ? [cardPost(id)] : [])],
  });
}
