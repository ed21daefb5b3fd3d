import { everyone, type Role, type ScopedRule, type Service } from '../domain/catalogue.ts';
import { scenarios as ownScenarios } from '../domain/scenario.ts';
import type { CatalogueFile } from './file-schema.ts';
import { hint } from './nearest.ts';
import { checkRole } from './people.ts';
import type { Path, Reporter } from './problem.ts';

/** The scenarios of this catalogue: ours and its own. */
export function readScenarios(file: CatalogueFile): readonly string[] {
  return [...new Set<string>([...ownScenarios, ...file.scenarios])];
}

/** Tells of scenarios that nobody declared. */
export function checkScenarios(
  said: readonly string[] | undefined,
  path: Path,
  file: CatalogueFile,
  report: Reporter,
): void {
  const known = readScenarios(file);
  for (const [index, scenario] of (said ?? []).entries()) {
    if (!known.includes(scenario))
      report.error([...path, index], `unknown scenario \`${scenario}\`${hint(scenario, known)}`);
  }
}

/** Reads the approval rules, in order: the first that fits is taken. */
export function readRules(
  file: CatalogueFile,
  roles: Readonly<Record<string, Role>>,
  report: Reporter,
): readonly ScopedRule[] {
  const services = Object.keys(file.services);
  const environments = [...new Set(Object.values(file.services).flatMap(one => Object.keys(one.environments)))];
  const seen = new Set<string>();
  return file.approvals.map((rule, index) => {
    const path = ['approvals', index];
    if (seen.has(rule.name)) report.error([...path, 'name'], `two approval rules are called \`${rule.name}\``);
    seen.add(rule.name);
    checkNames('service', rule.services, services, [...path, 'services'], report);
    checkNames('environment', rule.environments, environments, [...path, 'environments'], report);
    checkScenarios(rule.scenarios, [...path, 'scenarios'], file, report);
    for (const role of Object.keys(rule.seats)) checkRole(role, [...path, 'seats', role], file, report);
    const remindBeforeMs = rule.remind ?? Math.min(rule.within / 2, 5 * 60_000);
    if (remindBeforeMs >= rule.within) report.error([...path, 'remind'], '`remind` should be shorter than `within`');
    const read: ScopedRule = {
      name: rule.name,
      seats: Object.entries(rule.seats).map(([role, count]) => ({ role, count })),
      requesterExcluded: rule.requester === 'excluded',
      withinMs: rule.within,
      remindBeforeMs,
      services: rule.services ?? null,
      environments: rule.environments ?? null,
      levels: rule.levels ?? null,
      scenarios: rule.scenarios ?? null,
    };
    checkQuorum(read, roles, path, report);
    return read;
  });
}

function checkNames(
  noun: string,
  said: readonly string[] | undefined,
  known: readonly string[],
  path: Path,
  report: Reporter,
): void {
  for (const [index, name] of (said ?? []).entries()) {
    if (!known.includes(name)) report.error([...path, index], `unknown ${noun} \`${name}\`${hint(name, known)}`);
  }
}

/** A quorum is reachable where distinct people fill all seats; who is in a Slack group is not known here and counts as enough. */
function checkQuorum(rule: ScopedRule, roles: Readonly<Record<string, Role>>, path: Path, report: Reporter): void {
  const seats = rule.seats.flatMap(({ role, count }) => {
    const members = roles[role];
    if (role === everyone || !members || members.slackGroups.length > 0) return [];
    return Array.from({ length: count }, () => members.people as readonly string[]);
  });
  if (!canFill(seats, new Set())) {
    report.error(
      [...path, 'seats'],
      `rule \`${rule.name}\` can never be fulfilled: it asks for more people than its roles have`,
    );
    return;
  }
  if (!rule.requesterExcluded) return;
  const alone = [...new Set(seats.flat())].filter(person => !canFill(seats, new Set([person])));
  if (alone.length > 0)
    report.warn(
      [...path, 'seats'],
      `rule \`${rule.name}\` cannot be fulfilled when ${alone.join(' or ')} asks, who may not approve then`,
    );
}

/** Whether each seat finds a person of its own (augmenting paths). */
function canFill(seats: readonly (readonly string[])[], without: ReadonlySet<string>): boolean {
  const seatOf = new Map<string, number>();
  const sit = (seat: number, tried: Set<string>): boolean =>
    (seats[seat] ?? []).some(person => {
      if (without.has(person) || tried.has(person)) return false;
      tried.add(person);
      const sitting = seatOf.get(person);
      if (sitting !== undefined && !sit(sitting, tried)) return false;
      seatOf.set(person, seat);
      return true;
    });
  return seats.every((_people, seat) => sit(seat, new Set()));
}

/** Tells of targets and levels that no approval rule covers. */
export function checkCoverage(
  services: Readonly<Record<string, Service>>,
  rules: readonly ScopedRule[],
  scenarios: readonly string[],
  report: Reporter,
): void {
  const fits = (list: readonly (string | number)[] | null, value: string | number) => !list || list.includes(value);
  for (const service of Object.values(services)) {
    for (const [environment, spec] of Object.entries(service.environments)) {
      for (const runbook of spec.runbooks) {
        const open = (runbook.scenarios ?? scenarios).filter(
          scenario =>
            !rules.some(
              rule =>
                fits(rule.services, service.name) &&
                fits(rule.environments, environment) &&
                fits(rule.levels, runbook.level) &&
                fits(rule.scenarios, scenario),
            ),
        );
        if (open.length === 0) continue;
        const why = open.length === scenarios.length ? '' : ` for ${open.join(', ')}`;
        report.error(
          ['services', service.name, 'environments', environment],
          `no approval rule covers ${service.name} in ${environment} at level ${runbook.level}${why}`,
          'key',
        );
      }
    }
  }
}
