import type { Seat } from '../src/domain/approval.ts';
import { type Catalogue, everyone, type Locale } from '../src/domain/catalogue.ts';
import type { PersonId } from '../src/domain/ids.ts';
import type { Actor } from '../src/domain/person.ts';
import { esc } from './escape.ts';
import { quoted } from './limits.ts';
import { anyone } from './notes/table.ts';

/** Names somebody without notifying them: `@mara`; a part of the system by its own name. */
export function called(actor: Actor): string {
  return actor.kind === 'person' ? at(actor.name) : esc(actor.name, quoted.name);
}

/** A person's name as people write it. */
export function at(name: string): string {
  return `@${esc(name.replace(/^@/, ''), quoted.name)}`;
}

/** Names a role without notifying anybody. */
export function role(name: string, locale: Locale): string {
  return name === everyone ? anyone[locale] : at(name);
}

/** Mentions everybody who belongs to the roles, so that Slack notifies them: groups, listed people; else the roles' names. */
export function mention(catalogue: Catalogue | null, roles: readonly string[], locale: Locale): string {
  return [...new Set(roles)].map(name => mentionRole(catalogue, name, locale)).join(' ');
}

function mentionRole(catalogue: Catalogue | null, name: string, locale: Locale): string {
  const found = catalogue?.roles[name];
  if (!catalogue || !found || name === everyone) return role(name, locale);
  const groups = found.slackGroups.filter(isId).map(group => `<!subteam^${group}>`);
  const people = found.people.map(person => mentionPerson(catalogue, person)).filter(one => one !== null);
  const shown = [...groups, ...people.slice(0, quoted.list)];
  if (people.length > quoted.list) shown.push(`+${people.length - quoted.list}`);
  return shown.length > 0 ? shown.join(' ') : role(name, locale);
}

/** Mentions one person by their first Slack account; null where they have none. */
export function mentionPerson(catalogue: Catalogue | null, person: PersonId): string | null {
  const id = catalogue?.people.find(one => one.id === person)?.slack[0] ?? slackId(person);
  return id && isId(id) ? `<@${id}>` : null;
}

/** An unlisted Slack user is a person called `slack:<id>`. */
function slackId(person: string): string | null {
  return person.startsWith('slack:') ? person.slice('slack:'.length) : null;
}

function isId(id: string): boolean {
  return /^[SUW][A-Z0-9]{2,20}$/.test(id);
}

/** Who must say yes: `one of @sre-oncall`, `2 of @sre-oncall and one of @db`. */
export function seats(asked: readonly Seat[], locale: Locale): string {
  const en = (seat: Seat) => `${seat.count === 1 ? 'one' : seat.count} of ${role(seat.role, locale)}`;
  const zh = (seat: Seat) => `${role(seat.role, locale)} 中 ${seat.count} 人`;
  return asked.map(locale === 'en' ? en : zh).join(locale === 'en' ? ' and ' : '，以及 ');
}
