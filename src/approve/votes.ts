import type { ApprovalRule, ApprovalState, Vote } from '../domain/approval.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { PersonId } from '../domain/ids.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { AwaitingRun, Run } from '../domain/run.ts';
import type { Directory } from '../ports/directory.ts';
import { type Member, rolesOf } from './identity.ts';
import { fillSeats, type Seating } from './seats.ts';

/** The id of the person who asked for a run; null where a part of the system did. */
export function requesterOf(run: Pick<Run, 'request'>): PersonId | null {
  return run.request.by.kind === 'person' ? run.request.by.person : null;
}

/** How the votes for a plan fill the rule's seats: only approvals for this plan, before the deadline, each person once, the requester left out where the rule says so. */
export function seatVotes(
  approval: Pick<ApprovalState, 'rule' | 'deadline' | 'votes'>,
  requester: PersonId | null,
): Seating {
  const counting = approval.votes.filter(
    vote =>
      vote.decision === 'approve' &&
      vote.at <= approval.deadline &&
      !(approval.rule.requesterExcluded && vote.person === requester),
  );
  return fillSeats(
    approval.rule.seats,
    counting.map(({ person, roles }) => ({ person, roles })),
  );
}

/** Says why a person's vote does not count; null where it does. `now` is the store's time, epoch ms; `roles` are those they hold. */
export function refuseVote(
  run: AwaitingRun,
  member: Pick<Member, 'id'>,
  roles: readonly string[],
  unknownRoles: readonly string[],
  now: number,
): Reason | null {
  const { rule, deadline, votes } = run.approval;
  const asked = [...new Set(rule.seats.map(seat => seat.role))];
  if (now > deadline) return reason('approval-expired');
  if (rule.requesterExcluded && member.id === requesterOf(run)) return reason('requester-excluded', { roles: asked });
  if (votes.some(vote => vote.person === member.id)) return reason('already-voted');
  if (asked.some(role => roles.includes(role))) return null;
  if (asked.some(role => unknownRoles.includes(role))) return reason('membership-unknown');
  return reason('not-allowed', { roles: asked });
}

/** The roles of a rule that a person holds under every catalogue given: the run's and today's. */
export async function votingRoles(
  deps: { readonly directory: Directory },
  catalogues: readonly Catalogue[],
  rule: ApprovalRule,
  member: Pick<Member, 'id' | 'slackIds' | 'full'>,
): Promise<{ readonly held: readonly string[]; readonly unknown: readonly string[] }> {
  const asked = [...new Set(rule.seats.map(seat => seat.role))];
  const answers = await Promise.all(catalogues.map(catalogue => rolesOf(deps, catalogue, member, asked)));
  const held = asked.filter(role => answers.every(answer => answer.held.includes(role)));
  const maybe = asked.filter(role => answers.every(answer => [...answer.held, ...answer.unknown].includes(role)));
  return { held, unknown: maybe.filter(role => !held.includes(role)) };
}

/** Reads every earlier approval again: only those whose voters still qualify are kept, with the roles they hold now. */
export async function standingVotes(
  deps: { readonly directory: Directory },
  catalogues: readonly Catalogue[],
  approval: ApprovalState,
): Promise<readonly Vote[]> {
  const checked = await Promise.all(
    approval.votes.map(async vote => {
      if (vote.decision !== 'approve') return vote;
      const voter = await voterOf(deps, catalogues, vote);
      if (!voter) return null;
      const { held } = await votingRoles(deps, catalogues, approval.rule, voter);
      return held.length > 0 ? { ...vote, roles: held } : null;
    }),
  );
  return checked.filter(vote => vote !== null);
}

/** The person behind a vote as they stand today; null where they were deactivated or are no full member any more. */
async function voterOf(
  deps: { readonly directory: Directory },
  catalogues: readonly Catalogue[],
  vote: Vote,
): Promise<Pick<Member, 'id' | 'slackIds' | 'full'> | null> {
  const listed = catalogues.map(catalogue => catalogue.people.find(person => person.id === vote.person));
  const person = listed.find(found => found !== undefined);
  const slackIds = person?.slack ?? [vote.person.replace(/^slack:/, '')];
  if (vote.via === 'cli') return { id: vote.person, slackIds, full: person !== undefined };
  const users = await Promise.all(slackIds.map(id => deps.directory.user(id)));
  const active = users.some(user => user && !user.deleted && !user.bot && !user.guest && !user.outside);
  return active ? { id: vote.person, slackIds, full: true } : null;
}
