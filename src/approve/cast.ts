import type { Vote } from '../domain/approval.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { RunEventBody } from '../domain/event.ts';
import type { RunId } from '../domain/ids.ts';
import { cardPost, type Post, replyPost, rootPost } from '../domain/post.ts';
import { type Reason, Refusal, reason } from '../domain/reason.ts';
import type { AwaitingRun, Run } from '../domain/run.ts';
import type { Catalogues } from '../ports/catalogues.ts';
import type { Directory } from '../ports/directory.ts';
import type { Doorbell } from '../ports/doorbell.ts';
import type { Visitor } from '../ports/inbound.ts';
import type { Change, RunStore } from '../ports/run-store.ts';
import { type Member, memberActor, recognise } from './identity.ts';
import { refuseVote, requesterOf, seatVotes, standingVotes, votingRoles } from './votes.ts';

/** What casting a vote needs. */
export interface VoteDeps {
  readonly store: Pick<RunStore, 'read' | 'change' | 'now'>;
  readonly catalogues: Catalogues;
  readonly directory: Directory;
  readonly doorbell: Pick<Doorbell, 'ring' | 'ringRelay'>;
}

/** One person's decision on a run. */
export interface Ballot {
  readonly run: RunId;
  readonly visitor: Visitor;
  readonly decision: 'approve' | 'reject';
  /** Why; needed to reject. */
  readonly reason: string | null;
}

/** What became of a vote. */
export type Cast =
  | { readonly kind: 'counted'; readonly run: Run; readonly approved: boolean }
  | { readonly kind: 'refused'; readonly run: Run | null; readonly reason: Reason };

/** How often a vote is decided anew when other people vote at the same moment. */
const attempts = 12;

/** Casts a vote: recognises the person, checks them against the run's catalogue and today's, counts the vote, checks all votes again when the quorum is reached, and rings for work. */
export async function castVote(deps: VoteDeps, ballot: Ballot): Promise<Cast> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await deps.store.read(ballot.run);
    if (!found) return { kind: 'refused', run: null, reason: reason('unknown-run', { name: ballot.run }) };
    const { run } = found;
    const judged = await judge(deps, run, ballot);
    if (judged.kind === 'refused') return { kind: 'refused', run, reason: judged.reason };
    const { change } = judged;
    const result = await deps.store.change(ballot.run, { version: run.version }, change);
    if (result.ok) return announce(deps, ballot.run, change);
    if (result.why === 'late') return { kind: 'refused', run, reason: reason('approval-expired') };
  }
  return { kind: 'refused', run: null, reason: reason('not-confirmed') };
}

async function announce(deps: VoteDeps, id: RunId, change: Change): Promise<Cast> {
  const approved = change.events.some(event => event.kind === 'approved');
  const after = await deps.store.read(id);
  if (!after) return { kind: 'refused', run: null, reason: reason('unknown-run', { name: id }) };
  const ended = change.events.some(event => event.kind === 'ended');
  if (approved || ended) await deps.doorbell.ring(id, String(after.run.version), after.run.request.runsOn);
  deps.doorbell.ringRelay();
  return { kind: 'counted', run: after.run, approved };
}

type Judged =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'refused'; readonly reason: Reason };

async function judge(deps: VoteDeps, run: Run, ballot: Ballot): Promise<Judged> {
  const refused = (cause: Reason): Judged => ({ kind: 'refused', reason: cause });
  const catalogues = await catalogueOfRunAndToday(deps.catalogues, run);
  const [first] = catalogues;
  if (!first) return refused(reason('not-confirmed'));
  const recognised = await recognise(deps, catalogues.at(-1) ?? first, ballot.visitor);
  if (recognised.kind === 'refused') return recognised;
  if (run.status !== 'awaiting-approval') return refused(decidedAlready(run));
  const { member } = recognised;
  const { held, unknown } = await votingRoles(deps, catalogues, run.approval.rule, member);
  const refusal = refuseVote(run, member, held, unknown, await deps.store.now());
  if (refusal) return refused(refusal);
  const vote = newVote(member, ballot, held);
  if (ballot.decision === 'reject') return { kind: 'change', change: rejection(run, vote, member) };
  try {
    return { kind: 'change', change: await approval(deps, catalogues, run, vote) };
  } catch (error) {
    if (error instanceof Refusal) return refused(error.reason);
    throw error;
  }
}

/** Why a run that waits for nobody takes no vote. */
export function decidedAlready(run: Run): Reason {
  if (run.status === 'expired') return reason('approval-expired');
  const approvers = run.approval?.votes.filter(vote => vote.decision === 'approve').map(vote => vote.name) ?? [];
  const rejecter = run.approval?.votes.find(vote => vote.decision === 'reject');
  if (rejecter) return reason('already-decided', { decision: 'rejected', by: rejecter.name });
  return reason('already-decided', approvers.length > 0 ? { decision: 'approved', by: approvers } : {});
}

/** The catalogue a run was made under and today's: whoever votes must qualify under both. Empty where the run's own is lost. */
export async function catalogueOfRunAndToday(catalogues: Catalogues, run: Run): Promise<readonly Catalogue[]> {
  const [own, today] = await Promise.all([catalogues.byHash(run.request.catalogue), catalogues.current()]);
  if (!own) return [];
  return today && today.hash !== own.hash ? [own, today] : [own];
}

function newVote(member: Member, ballot: Ballot, roles: readonly string[]): Omit<Vote, 'at'> {
  return {
    person: member.id,
    name: member.name,
    via: member.via,
    decision: ballot.decision,
    reason: ballot.reason,
    roles,
  };
}

/** The change of one approval: with the last open seat all votes are read again and the run is approved in the same script. */
async function approval(
  deps: VoteDeps,
  catalogues: readonly Catalogue[],
  run: AwaitingRun,
  vote: Omit<Vote, 'at'>,
): Promise<Change> {
  const now: Vote = { ...vote, at: run.approval.askedAt };
  const seated = (votes: readonly Vote[]) => seatVotes({ ...run.approval, votes: [...votes, now] }, requesterOf(run));
  const posts: Post[] = [rootPost(run.id, 'urgent'), cardPost(run.id)];
  const events: RunEventBody[] = [{ kind: 'voted', vote }];
  const enough =
    seated(run.approval.votes).complete && seated(await standingVotes(deps, catalogues, run.approval)).complete;
  if (!enough) return { events, posts, notAfter: run.approval.deadline };
  return {
    events: [...events, { kind: 'approved', status: 'approved' }],
    clearTimers: ['remind', 'expire'],
    posts: [...posts, replyPost(run.id, run.version + 2)],
    notAfter: run.approval.deadline,
  };
}

function rejection(run: AwaitingRun, vote: Omit<Vote, 'at'>, member: Member): Change {
  const by = memberActor(member);
  return {
    events: [
      { kind: 'voted', vote },
      { kind: 'ended', status: 'rejected', reason: null, by },
    ],
    clearTimers: ['remind', 'expire'],
    posts: [rootPost(run.id, 'urgent'), cardPost(run.id), replyPost(run.id, run.version + 2)],
    notAfter: run.approval.deadline,
  };
}
