import { type Catalogue, everyone, type Locale, type Permission, type Person } from '../domain/catalogue.ts';
import { type PersonId, personId } from '../domain/ids.ts';
import type { Actor } from '../domain/person.ts';
import { type Reason, Refusal, reason } from '../domain/reason.ts';
import type { Directory, SlackUser } from '../ports/directory.ts';
import type { Visitor } from '../ports/inbound.ts';

/** Somebody at the door who was recognised: one person across Slack and operating-system accounts. */
export interface Member {
  readonly id: PersonId;
  readonly name: string;
  readonly via: 'slack' | 'cli';
  /** The Slack user they act as; null on a terminal. */
  readonly slack: string | null;
  /** All Slack users that are this person. */
  readonly slackIds: readonly string[];
  readonly locale: Locale | null;
  /** Whether they count as `everyone`: a full member of the workspace or a listed person. */
  readonly full: boolean;
}

/** A recognised person, or why somebody may do nothing here. */
export type Recognised =
  | { readonly kind: 'member'; readonly member: Member }
  | { readonly kind: 'refused'; readonly reason: Reason };

/** Says who is at the door: listed people by their accounts, other full members of the workspace as `slack:<id>`. Bots, guests, outside and deactivated users are refused. */
export function identify(catalogue: Pick<Catalogue, 'people'>, visitor: Visitor, user: SlackUser | null): Recognised {
  if (visitor.via === 'cli') return { kind: 'member', member: terminalMember(catalogue, visitor.account) };
  const refused = (cause: Reason): Recognised => ({ kind: 'refused', reason: cause });
  if (visitor.outside || user?.outside) return refused(reason('outside-user'));
  if (!user) return refused(reason('not-a-person', { name: visitor.user }));
  if (user.deleted) return refused(reason('deactivated-user'));
  if (user.bot) return refused(reason('not-a-person', { name: user.name }));
  if (user.guest) return refused(reason('outside-user'));
  const person = personOf(catalogue, visitor.user, user.mail);
  const member: Member = {
    id: person?.id ?? slackPerson(visitor.user),
    name: person?.name ?? user.name,
    via: 'slack',
    slack: visitor.user,
    slackIds: [...new Set([visitor.user, ...(person?.slack ?? [])])],
    locale: person?.locale ?? null,
    full: true,
  };
  return { kind: 'member', member };
}

/** The listed person that a Slack user is: by user id, or by mail address where the catalogue gives a person no user id. */
function personOf(catalogue: Pick<Catalogue, 'people'>, id: string, mail: string | null): Person | undefined {
  const byId = catalogue.people.find(({ slack }) => slack.includes(id));
  const address = mail?.toLowerCase();
  return byId ?? catalogue.people.find(one => one.slack.length === 0 && address && one.mail?.toLowerCase() === address);
}

/** The id of a Slack user whom the catalogue does not list. */
export function slackPerson(user: string): PersonId {
  return personId(`slack:${user}`);
}

function terminalMember(catalogue: Pick<Catalogue, 'people'>, account: string): Member {
  const person: Person | undefined = catalogue.people.find(({ os }) => os.includes(account));
  return {
    id: person?.id ?? personId(`os:${account}`),
    name: person?.name ?? account,
    via: 'cli',
    slack: null,
    slackIds: person?.slack ?? [],
    locale: person?.locale ?? null,
    full: person !== undefined,
  };
}

/** Recognises a visitor, asking Slack where they come from there; where Slack cannot be asked the answer is `membership-unknown`. */
export async function recognise(
  deps: { readonly directory: Directory },
  catalogue: Pick<Catalogue, 'people'>,
  visitor: Visitor,
): Promise<Recognised> {
  if (visitor.via === 'cli') return identify(catalogue, visitor, null);
  try {
    return identify(catalogue, visitor, await deps.directory.user(visitor.user));
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', reason: error.reason };
    throw error;
  }
}

/** Which roles somebody holds, and which cannot be told because Slack does not answer. */
export interface HeldRoles {
  readonly held: readonly string[];
  readonly unknown: readonly string[];
}

/** Finds the roles that a person holds by name or through a Slack user group; `among` limits the question to these roles. */
export async function rolesOf(
  deps: { readonly directory: Directory },
  catalogue: Pick<Catalogue, 'roles'>,
  member: Pick<Member, 'id' | 'slackIds' | 'full'>,
  among?: readonly string[],
): Promise<HeldRoles> {
  const held: string[] = member.full && (!among || among.includes(everyone)) ? [everyone] : [];
  const unknown: string[] = [];
  const asked = Object.values(catalogue.roles).filter(role => !among || among.includes(role.name));
  await Promise.all(
    asked.map(async role => {
      if (role.people.includes(member.id)) held.push(role.name);
      else if (member.slackIds.length > 0 && role.slackGroups.length > 0) {
        const answer = await inAnyGroup(deps.directory, role.slackGroups, member.slackIds);
        if (answer === 'unknown') unknown.push(role.name);
        else if (answer) held.push(role.name);
      }
    }),
  );
  return { held: held.sort(), unknown: unknown.sort() };
}

async function inAnyGroup(
  directory: Directory,
  groups: readonly string[],
  slackIds: readonly string[],
): Promise<boolean | 'unknown'> {
  let unknown = false;
  for (const group of groups) {
    try {
      const members = await directory.groupMembers(group);
      if (slackIds.some(id => members.includes(id))) return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      unknown = true;
    }
  }
  return unknown ? 'unknown' : false;
}

/** Says why a person may not do something; null where they may. */
export async function refusePermission(
  deps: { readonly directory: Directory },
  catalogue: Pick<Catalogue, 'roles' | 'permissions'>,
  member: Member,
  permission: Permission,
): Promise<Reason | null> {
  const roles = catalogue.permissions[permission];
  const { held, unknown } = await rolesOf(deps, catalogue, member, roles);
  if (held.length > 0) return null;
  return unknown.length > 0 ? reason('membership-unknown') : reason('not-allowed', { permission, roles });
}

/** Writes a person as the actor of an event. */
export function memberActor(member: Member): Actor & { kind: 'person' } {
  const { id, name, via, slack } = member;
  return { kind: 'person', person: id, name, via, ...(slack ? { slack } : {}) };
}
