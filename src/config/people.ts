import { everyone, type Locale, type Permission, type Person, permissions, type Role } from '../domain/catalogue.ts';
import { personId } from '../domain/ids.ts';
import type { CatalogueFile } from './file-schema.ts';
import { hint } from './nearest.ts';
import type { Path, Reporter } from './problem.ts';

const groupPattern = /^S[A-Z0-9]{2,}$/;

/** Reads the people: one Slack user, mail or account belongs to one person. */
export function readPeople(file: CatalogueFile, report: Reporter): readonly Person[] {
  const owners = new Map<string, string>();
  const claim = (what: string, id: string, person: string, path: Path) => {
    const key = `${what} ${id}`.toLowerCase();
    const owner = owners.get(key);
    if (owner && owner !== person) report.error(path, `${what} \`${id}\` belongs to \`${owner}\` already`);
    else owners.set(key, person);
  };
  return Object.entries(file.people).map(([key, person]) => {
    const slack = listOf(person.slack);
    const os = listOf(person.os);
    for (const id of slack) claim('Slack user', id, key, ['people', key, 'slack']);
    for (const account of os) claim('account', account, key, ['people', key, 'os']);
    if (person.mail) claim('mail address', person.mail, key, ['people', key, 'mail']);
    if (slack.length + os.length === 0)
      report.warn(['people', key], `\`${key}\` has neither \`slack\` nor \`os\`: nobody can act as them`, 'key');
    return {
      id: personId(key),
      name: person.name ?? key,
      slack,
      mail: person.mail ?? null,
      os,
      locale: (person.locale as Locale | undefined) ?? null,
    };
  });
}

/** Reads the roles: every member is a person of the file or a Slack user group. */
export function readRoles(file: CatalogueFile, report: Reporter): Readonly<Record<string, Role>> {
  const known = Object.keys(file.people);
  return Object.fromEntries(
    Object.entries(file.roles).map(([name, members]) => {
      const path = ['roles', name];
      if (name === everyone) report.error(path, `\`${everyone}\` stands for all members already`, 'key');
      if (members.length === 0) report.error(path, `role \`${name}\` is empty`);
      for (const [index, member] of members.entries()) {
        if (known.includes(member) || groupPattern.test(member)) continue;
        report.error([...path, index], `unknown person \`${member}\`${hint(member, known)}`);
      }
      const role: Role = {
        name,
        people: members.filter(member => known.includes(member)).map(personId),
        slackGroups: members.filter(member => !known.includes(member) && groupPattern.test(member)),
      };
      return [name, role];
    }),
  );
}

/** Reads who may do what; each permission names its roles, or `default` does. */
export function readPermissions(
  file: CatalogueFile,
  report: Reporter,
): Readonly<Record<Permission, readonly string[]>> {
  const said = file.permissions;
  for (const [permission, roles] of Object.entries(said)) {
    for (const [index, role] of (roles ?? []).entries())
      checkRole(role, ['permissions', permission, index], file, report);
  }
  const read: Partial<Record<Permission, readonly string[]>> = {};
  for (const permission of permissions) {
    const roles = said[permission] ?? said.default ?? [];
    if (roles.length === 0) {
      const place = said[permission] ? ['permissions', permission] : ['permissions'];
      report.error(place, `nobody may \`${permission}\`: name its roles, or set \`default\``, 'key');
    }
    read[permission] = roles;
  }
  return read as Record<Permission, readonly string[]>;
}

/** Tells where a role is named that the file does not have. */
export function checkRole(role: string, path: Path, file: CatalogueFile, report: Reporter): void {
  const known = [everyone, ...Object.keys(file.roles)];
  if (!known.includes(role)) report.error(path, `unknown role \`${role}\`${hint(role, known)}`);
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}
