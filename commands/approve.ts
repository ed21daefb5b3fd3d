import { refuseVote, requesterOf, seatVotes, standingVotes, votingRoles } from '../src/approve/votes.ts';
import type { Vote } from '../src/domain/approval.ts';
import type { Catalogue } from '../src/domain/catalogue.ts';
import type { RunEventBody } from '../src/domain/event.ts';
import type { RunId } from '../src/domain/ids.ts';
import { cardPost, rootPost } from '../src/domain/post.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { AwaitingRun, RunWithLog } from '../src/domain/run.ts';
import { changeRun, type Decision } from './change.ts';
import type { DoorDeps } from './deps.ts';
import type { Visit } from './visit.ts';

/** A yes or no to a run; `drawn` is the version its card was drawn from, null where it was typed. */
export interface Ballot {
  readonly run: RunId;
  readonly decision: Vote['decision'];
  readonly reason: string | null;
  readonly drawn: number | null;
}

/** What became of a vote: it counts (and decided the run or not), it came after the decision, or it does not count. */
export type Voted =
  | { readonly kind: 'voted'; readonly decided: boolean; readonly run: RunWithLog }
  | { readonly kind: 'decided'; readonly run: RunWithLog }
  | { readonly kind: 'refused'; readonly reason: Reason };

type Answer = { readonly kind: 'voted'; readonly decided: boolean } | Exclude<Voted, { kind: 'voted' }>;

/** Takes a vote: who may is looked up at this moment, under the run's catalogue and today's, and again for all votes when they suffice. */
export async function vote(deps: DoorDeps, visit: Visit, ballot: Ballot): Promise<Voted> {
  const { answer, after } = await changeRun<Answer>(deps, visit, ballot.run, found =>
    judge(deps, visit, ballot, found),
  );
  return answer.kind === 'voted' ? { ...answer, run: after } : answer;
}

async function judge(deps: DoorDeps, visit: Visit, ballot: Ballot, found: RunWithLog): Promise<Decision<Answer>> {
  const { run, events } = found;
  const asked = events.findLast(event => event.kind === 'approval-asked')?.version ?? 0;
  if (run.status !== 'awaiting-approval') {
    const undecided = run.status === 'requested' || run.status === 'planned';
    return { only: undecided ? refused(reason('stale-card')) : { kind: 'decided', run: found } };
  }
  if (ballot.drawn !== null && ballot.drawn < asked) return { only: refused(reason('stale-card')) };
  const catalogues = await votersCatalogues(deps, visit, run);
  const { held, unknown } = await votingRoles(deps, catalogues, run.approval.rule, visit.member);
  const why = refuseVote(run, visit.member, held, unknown, visit.cameAt);
  if (why) return refuseAndLog(visit, found, why);
  const { member, visitor } = visit;
  const { decision, reason: said } = ballot;
  const mine = { person: member.id, name: member.name, via: visitor.via, decision, reason: said, roles: held };
  const voted: RunEventBody = { kind: 'voted', vote: mine };
  const decides = decision === 'reject' ? rejected(visit) : await approved(deps, catalogues, run, mine);
  return {
    change: {
      events: [voted, ...decides],
      ...(decides.length > 0 ? { clearTimers: ['remind', 'expire'] as const } : {}),
      posts: [cardPost(run.id), rootPost(run.id, 'urgent')],
      notAfter: run.approval.deadline,
    },
    answer: { kind: 'voted', decided: decides.length > 0 },
  };
}

const refused = (why: Reason): Answer => ({ kind: 'refused', reason: why });

/** The catalogues under which a voter must qualify: the run's own and today's. */
async function votersCatalogues(deps: DoorDeps, visit: Visit, run: AwaitingRun): Promise<readonly Catalogue[]> {
  if (run.request.catalogue === visit.catalogue.hash) return [visit.catalogue];
  const own = await deps.catalogues.byHash(run.request.catalogue);
  if (!own) throw new Refusal(reason('catalogue-invalid'));
  return [own, visit.catalogue];
}

/** Notes a click that does not count, once for each person and reason: an audit, not a place to write into at will. */
function refuseAndLog({ actor }: Visit, { run, events }: RunWithLog, why: Reason): Decision<Answer> {
  const same = events.some(
    event =>
      event.kind === 'vote-refused' &&
      event.reason.code === why.code &&
      event.by.kind === 'person' &&
      event.by.person === actor.person,
  );
  const log: RunEventBody = { kind: 'vote-refused', by: actor, reason: why };
  const silent =
    same || why.code === 'approval-expired' || why.code === 'already-voted' || run.status !== 'awaiting-approval';
  return silent ? { only: refused(why) } : { change: { events: [log] }, answer: refused(why) };
}

function rejected({ actor }: Visit): readonly RunEventBody[] {
  return [{ kind: 'ended', status: 'rejected', reason: null, by: actor }];
}

/** Approves the run where every seat is filled by people who still qualify, this vote included. */
async function approved(
  deps: DoorDeps,
  catalogues: readonly Catalogue[],
  run: AwaitingRun,
  mine: Omit<Vote, 'at'>,
): Promise<readonly RunEventBody[]> {
  const { approval } = run;
  const now = approval.askedAt;
  const all = { ...approval, votes: [...approval.votes, { ...mine, at: now }] };
  if (!seatVotes(all, requesterOf(run)).complete) return [];
  const standing = await standingVotes(deps, catalogues, approval);
  const still = { ...approval, votes: [...standing, { ...mine, at: now }] };
  return seatVotes(still, requesterOf(run)).complete ? [{ kind: 'approved', status: 'approved' }] : [];
}
