import { parseRunId } from '../src/domain/ids.ts';
import type { Post } from '../src/domain/post.ts';
import { Refusal } from '../src/domain/reason.ts';
import type { Screen } from '../src/domain/screen.ts';
import type { Log } from '../src/ports/log.ts';
import type { Delivery, Notifier } from '../src/ports/notifier.ts';
import type { ClaimedPost, Outbox } from '../src/ports/outbox.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import type { Pacing, Sending } from './pacing.ts';

/** What delivering one row needs. */
export interface DeliverDeps {
  readonly outbox: Outbox;
  readonly notifier: Notifier;
  readonly runs: Pick<RunStore, 'read' | 'change' | 'now'>;
  readonly pacing: Pacing;
  readonly log: Log;
  /** Draws a row's slot as its run or proposal now stands; null where there is nothing to say any more. */
  render(post: Post): Promise<Screen | null>;
  /** Where messages go that their own channel does not take; null where the catalogue cannot be read. */
  opsChannel(): Promise<string | null>;
}

/** How a row was left: done, or to be looked at again in so many ms. */
export type Left = { readonly againInMs: number | null };

const done: Left = { againInMs: null };

/** Pauses between attempts, in ms; Slack being away is waited out, however long it takes. */
const pauses = [250, 500, 1000, 2000, 4000, 5000] as const;

/** A channel that takes nothing, the ops channel included, is tried again after this, in ms. */
const nowhereMs = 60_000;

/** A screen that cannot be drawn holds its thread up for so many attempts, and is then given up. */
const mostDrawings = 20;

/** Delivers one claimed row: draws it as things stand now, sends it, and notes what became of it. */
export async function deliverRow(deps: DeliverDeps, row: ClaimedPost): Promise<Left> {
  const sending: Sending = row.ts === null ? 'post' : 'edit';
  const waitMs = deps.pacing.turn(row, sending);
  if (waitMs > 0) return back(deps, row, waitMs, row.ambiguous);
  const ts = await standing(deps, row);
  if (ts === undefined) return back(deps, row, pauseFor(row), true);
  const screen = await draw(deps, row);
  if (screen === undefined) return back(deps, row, pauseFor(row), row.ambiguous);
  if (screen === null) return dead(deps, row, 'nothing to say');
  return settle(deps, row, await send(deps, row, ts, screen));
}

/** The ts of the row's message where it stands already, null where it does not, undefined where that cannot be told. */
async function standing(deps: DeliverDeps, row: ClaimedPost): Promise<string | null | undefined> {
  if (row.ts !== null || !row.ambiguous) return row.ts;
  const found = await deps.notifier.probe({ channel: row.state.channel, thread: threadOf(row), id: row.id });
  return found === null ? undefined : found.ts;
}

async function draw(deps: DeliverDeps, row: ClaimedPost): Promise<Screen | null | undefined> {
  try {
    return await deps.render(row.post);
  } catch (failure) {
    deps.log.error({ err: failure, post: row.post, attempts: row.attempts }, 'A message could not be drawn');
    return unsure(failure) || row.attempts < mostDrawings ? undefined : null;
  }
}

/** Whether only the store was away: that says nothing of the screen. */
function unsure(failure: unknown): boolean {
  return failure instanceof Refusal && failure.reason.code === 'not-confirmed';
}

/** The root stands in the channel, everything else below it. */
const threadOf = (row: ClaimedPost): string | null => (row.post.slot === 'root' ? null : row.state.root);

interface Sent {
  readonly delivery: Delivery;
  readonly by: Sending;
}

/** Edits what stands, posts what does not; a message somebody deleted is posted anew, a deleted root begins its thread anew. */
async function send(deps: DeliverDeps, row: ClaimedPost, ts: string | null, screen: Screen): Promise<Sent> {
  const { channel } = row.state;
  const thread = threadOf(row);
  if (ts !== null) {
    const delivery = await deps.notifier.edit({ channel, thread, ts, id: row.id, screen });
    const anew = delivery.kind === 'gone' && thread !== null && row.post.urgency === 'urgent';
    if (!anew) return { delivery, by: 'edit' };
  }
  return { delivery: await deps.notifier.post({ channel, thread, id: row.id, screen }), by: 'post' };
}

async function settle(deps: DeliverDeps, row: ClaimedPost, { delivery, by }: Sent): Promise<Left> {
  switch (delivery.kind) {
    case 'sent':
      await deps.outbox.sent(row, delivery.ts);
      return done;
    case 'later':
      if (delivery.scope === 'method') deps.pacing.hold(by, delivery.afterMs);
      else await deps.outbox.holdChannel(row.state.channel, (await deps.runs.now()) + delivery.afterMs);
      return back(deps, row, delivery.afterMs, row.ambiguous);
    case 'ambiguous':
    case 'failed':
      deps.log.info({ post: row.post, why: delivery.why, attempts: row.attempts }, 'A message did not arrive for sure');
      return back(deps, row, pauseFor(row), row.ambiguous || delivery.kind === 'ambiguous');
    case 'gone':
      return gone(deps, row, by);
    case 'wrong-channel':
      return elsewhere(deps, row, delivery.why);
    case 'refused':
      return dead(deps, row, delivery.why);
  }
}

/** The root was deleted: the thread begins anew where it was. Any other message that somebody deleted stays deleted. */
async function gone(deps: DeliverDeps, row: ClaimedPost, by: Sending): Promise<Left> {
  if (by === 'edit' && row.post.slot !== 'root') return dead(deps, row, 'the message was deleted');
  return move(deps, row, row.state.channel, 'root-deleted');
}

/** The channel does not take it: the thread goes on in the ops channel, and no row is lost where that does not take it either. */
async function elsewhere(deps: DeliverDeps, row: ClaimedPost, why: string): Promise<Left> {
  const ops = await deps.opsChannel();
  if (ops !== null && ops !== row.state.channel) return move(deps, row, ops, why);
  deps.log.error({ post: row.post, channel: row.state.channel, why }, 'No channel takes this message; trying again');
  return back(deps, row, nowhereMs, row.ambiguous);
}

async function move(deps: DeliverDeps, row: ClaimedPost, to: string, why: string): Promise<Left> {
  const { thread } = row.post;
  deps.log.warn({ thread, from: row.state.channel, to, why }, 'A thread begins anew');
  await noteMove(deps, thread, { kind: 'thread-moved', from: row.state.channel, to, why });
  await deps.outbox.move(thread, to);
  return { againInMs: 0 };
}

type ThreadMoved = Extract<Parameters<RunStore['change']>[2]['events'][number], { kind: 'thread-moved' }>;

/** Writes the move into the run's log, so that its new root says where it comes from; a proposal has no log. */
async function noteMove({ runs }: DeliverDeps, thread: string, event: ThreadMoved): Promise<void> {
  const id = parseRunId(thread);
  for (let tries = 0; id && tries < 5; tries += 1) {
    const found = await runs.read(id);
    if (!found) return;
    const result = await runs.change(id, { version: found.run.version }, { events: [event] });
    if (result.ok || result.why !== 'conflict') return;
  }
}

async function back(deps: DeliverDeps, row: ClaimedPost, afterMs: number, ambiguous: boolean): Promise<Left> {
  await deps.outbox.retry(row, afterMs, ambiguous);
  return { againInMs: afterMs };
}

async function dead(deps: DeliverDeps, row: ClaimedPost, why: string): Promise<Left> {
  deps.log.error({ post: row.post, why }, 'A message was given up');
  await deps.outbox.dead(row, why);
  return done;
}

const pauseFor = (row: ClaimedPost): number => pauses[Math.min(row.attempts, pauses.length - 1)] ?? 0;
