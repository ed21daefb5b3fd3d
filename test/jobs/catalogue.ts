import type { Catalogue, CheckSpec, Runbook, StepSpec, TargetSpec } from '../../src/domain/catalogue.ts';
import { personId, targetId } from '../../src/domain/ids.ts';
import type { Actor } from '../../src/domain/person.ts';
import { testCatalogue } from '../commands/catalogue.ts';

/** The target that the tests roll back. */
export const service = targetId('shop', 'production');

/** Mara, who asks. */
export const asker: Actor = { kind: 'person', person: personId('mara'), name: 'Mara', via: 'cli' };

/** A step on the counting target. */
export function step(
  object: string,
  more: Readonly<Record<string, string | number | boolean | readonly string[]>> = {},
  kind = 'counter',
): StepSpec {
  return { kind, title: null, input: { object, ...more }, timeoutMs: 10_000 };
}

/** A check. */
export function check(kind: string, more: Partial<CheckSpec> = {}): CheckSpec {
  return { id: kind, title: kind, kind, input: {}, timeoutMs: 3_000, ...more };
}

/** A runbook of some level. */
export function runbook(steps: readonly StepSpec[], more: Partial<Runbook> = {}): Runbook {
  const level = more.level ?? 2;
  return {
    id: `level-${level}`,
    level,
    strategy: 'immediate',
    title: `Level ${level}`,
    scenarios: null,
    steps,
    checks: [check('switch')],
    onFailure: 'needs-operator',
    rtoMs: 900_000,
    ...more,
  };
}

/** A catalogue with one service, its target changed as given; one vote of the on-call people, not the requester's. */
export function jobsCatalogue(target: Partial<TargetSpec> = {}, more: Partial<Catalogue> = {}): Catalogue {
  const spec: TargetSpec = {
    target: service,
    service: 'shop',
    environment: 'production',
    mode: 'act',
    channel: 'C000000001',
    locale: 'en',
    runsOn: null,
    releaseSource: null,
    soakMs: 3_600_000,
    lookBackMs: 7_200_000,
    checks: [],
    runbooks: [runbook([step('flag')])],
    ...target,
  };
  const base = testCatalogue();
  return {
    ...base,
    hash: 'jobs-1',
    roles: { oncall: { name: 'oncall', people: [personId('jon'), personId('lee')], slackGroups: [] } },
    rules: [{ ...firstRule(base), seats: [{ role: 'oncall', count: 1 }] }],
    services: { shop: { name: 'shop', aliases: [], owners: null, environments: { production: spec } } },
    ...more,
  };
}

/** A rule that fits everything, to be changed. */
export function firstRule(catalogue: Catalogue): Catalogue['rules'][number] {
  const [rule] = catalogue.rules;
  if (!rule) throw new Error('the catalogue has no rule');
  return rule;
}
