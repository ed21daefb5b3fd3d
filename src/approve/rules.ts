import type { ApprovalRule, Seat } from '../domain/approval.ts';
import { type Catalogue, everyone } from '../domain/catalogue.ts';
import type { Level } from '../domain/level.ts';
import type { Grade, ReleaseRef } from '../domain/release.ts';

/** What decides which rule applies. */
export interface RuleFacts {
  readonly service: string;
  readonly environment: string;
  readonly level: Level;
  readonly scenario: string;
  /** The release to be taken; null where the runbook changes none. */
  readonly to: Pick<ReleaseRef, 'grade'> | null;
  /** Whether the run undoes another: then the release it restores asks for no approval more. */
  readonly undo: boolean;
}

/** Grades that are taken only by name, with one approval more. */
const needOneMore: ReadonlySet<Grade> = new Set(['unproven', 'suspect', 'bad']);

/** Finds the approval rule of a rollback, the first in the catalogue that fits; null where none does: then nothing may run. */
export function findRule(catalogue: Pick<Catalogue, 'rules'>, facts: RuleFacts): ApprovalRule | null {
  const scoped = catalogue.rules.find(
    rule =>
      covers(rule.services, facts.service) &&
      covers(rule.environments, facts.environment) &&
      covers(rule.levels, facts.level) &&
      covers(rule.scenarios, facts.scenario),
  );
  if (!scoped) return null;
  const { name, seats, requesterExcluded, withinMs, remindBeforeMs } = scoped;
  const rule: ApprovalRule = { name, seats, requesterExcluded, withinMs, remindBeforeMs };
  return facts.to && !facts.undo && needOneMore.has(facts.to.grade) ? withOneMore(rule) : rule;
}

function covers<T>(scope: readonly T[] | null, value: T): boolean {
  return scope === null || scope.includes(value);
}

/** One approval more: of the rule's first role, or of anybody but the requester where the rule asks nobody. */
function withOneMore(rule: ApprovalRule): ApprovalRule {
  const [first, ...others] = rule.seats;
  if (!first) return { ...rule, seats: [{ role: everyone, count: 1 }], requesterExcluded: true };
  const more: Seat = { role: first.role, count: first.count + 1 };
  return { ...rule, seats: [more, ...others] };
}
