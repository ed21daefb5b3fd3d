import type { ApprovalRule } from '../domain/approval.ts';
import { type Catalogue, everyone } from '../domain/catalogue.ts';
import type { PersonId } from '../domain/ids.ts';
import { type Reason, Refusal, reason } from '../domain/reason.ts';
import type { Directory } from '../ports/directory.ts';
import { slackPerson } from './identity.ts';
import { fillSeats, type Sitter } from './seats.ts';

/**
 * Says why a rule's seats could never be filled, before anybody is asked; null where they can. Voters must qualify under every catalogue
 * given (the run's and today's). A group that Slack cannot be asked about counts as able: the votes themselves are checked later.
 */
export async function refuseQuorum(
  deps: { readonly directory: Directory },
  catalogues: readonly Pick<Catalogue, 'people' | 'roles'>[],
  rule: ApprovalRule,
  requester: PersonId | null,
): Promise<Reason | null> {
  const wanted = rule.seats.reduce((sum, seat) => sum + seat.count, 0);
  if (wanted === 0) return null;
  const able = new Map<string, Set<string>>();
  for (const role of new Set(rule.seats.map(seat => seat.role))) {
    const people = await holders(deps.directory, catalogues, role, wanted + 1);
    for (const person of people) able.set(person, (able.get(person) ?? new Set()).add(role));
  }
  if (rule.requesterExcluded && requester) able.delete(requester);
  const sitters: Sitter[] = [...able].map(([person, roles]) => ({ person, roles: [...roles] }));
  const seating = fillSeats(rule.seats, sitters);
  const [open] = seating.open;
  if (!open) return null;
  const needed = rule.seats.filter(seat => seat.role === open.role).reduce((sum, seat) => sum + seat.count, 0);
  return reason('quorum-unreachable', { role: open.role, needed, have: needed - open.count });
}

/** Up to `limit` people whose vote could count for a role: enough to answer, so that a large group costs few questions. */
async function holders(
  directory: Directory,
  catalogues: readonly Pick<Catalogue, 'people' | 'roles'>[],
  role: string,
  limit: number,
): Promise<readonly string[]> {
  if (role === everyone) return anonymous(limit, role);
  const sets = await Promise.all(catalogues.map(catalogue => roleHolders(directory, catalogue, role)));
  if (sets.some(set => set === 'unknown')) return anonymous(limit, role);
  const [first, ...others] = sets.filter(set => set !== 'unknown');
  const found: string[] = [];
  for (const [person, slack] of first ?? []) {
    if (found.length >= limit) break;
    if (others.every(other => other.has(person)) && (slack === null || (await canVote(directory, slack))))
      found.push(person);
  }
  return found;
}

/** Stand-ins for people who cannot or need not be listed. */
function anonymous(count: number, role: string): string[] {
  return Array.from({ length: count }, (_, n) => `${role}#${n}`);
}

/** The people of a role with the Slack user to ask about, where their only way in is Slack. */
async function roleHolders(
  directory: Directory,
  catalogue: Pick<Catalogue, 'people' | 'roles'>,
  name: string,
): Promise<Map<PersonId, string | null> | 'unknown'> {
  const role = catalogue.roles[name];
  const found = new Map<PersonId, string | null>();
  if (!role) return found;
  for (const id of role.people) {
    const person = catalogue.people.find(listed => listed.id === id);
    found.set(id, person && person.os.length === 0 ? (person.slack[0] ?? null) : null);
  }
  for (const group of role.slackGroups) {
    const members = await groupMembers(directory, group);
    if (members === 'unknown') return 'unknown';
    for (const slack of members) {
      const id = catalogue.people.find(person => person.slack.includes(slack))?.id ?? slackPerson(slack);
      if (!found.has(id)) found.set(id, slack);
    }
  }
  return found;
}

async function groupMembers(directory: Directory, group: string): Promise<readonly string[] | 'unknown'> {
  try {
    return await directory.groupMembers(group);
  } catch (error) {
    if (error instanceof Refusal) return 'unknown';
    throw error;
  }
}

async function canVote(directory: Directory, slack: string): Promise<boolean> {
  try {
    const user = await directory.user(slack);
    return user !== null && !user.deleted && !user.bot && !user.guest && !user.outside;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}
