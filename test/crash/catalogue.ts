import type { Catalogue, TargetSpec } from '../../src/domain/catalogue.ts';
import { targetId } from '../../src/domain/ids.ts';
import { check, firstRule, jobsCatalogue, runbook, step } from '../jobs/catalogue.ts';

/** How many operations the crash suites' runs have. */
export const operations = 5;

/** How many objects a step of theirs names that names several: more than run beside each other. */
export const named = 12;

/** How many targets there are: as many runs can go on at once. */
export const lanes = 60;

/** The scenario that asks nobody; any other needs one vote. */
export const unasked = 'drill';

/** The strategies of each target: five plain steps, one that nobody can look at, one whose third step breaks, and two whose one step names many. */
export const strategies = ['plain', 'blind', 'breaking', 'many', 'many-breaking'] as const;

/** The name of an object of a lane. */
export function objectOf(lane: number, strategy: (typeof strategies)[number], index: number): string {
  return `${strategy}-${lane}-${index}`;
}

/** A catalogue with many targets, each with the three strategies; effects come a little after they are asked for. */
export function crashCatalogue(slowMs: number): Catalogue {
  const base = jobsCatalogue();
  const rule = firstRule(base);
  const environments = Object.fromEntries(
    Array.from({ length: lanes }, (_, lane) => [`e${lane}`, laneSpec(lane, slowMs)]),
  );
  return {
    ...base,
    hash: `crash-${slowMs}`,
    rules: [{ ...rule, name: 'unasked', scenarios: [unasked], seats: [] }, rule],
    services: { shop: { name: 'shop', aliases: [], owners: null, environments } },
  };
}

function laneSpec(lane: number, slowMs: number): TargetSpec {
  const environment = `e${lane}`;
  const steps = (strategy: (typeof strategies)[number], kind: string) =>
    Array.from({ length: operations }, (_, index) => step(objectOf(lane, strategy, index), { slowMs }, kind));
  const book = (strategy: (typeof strategies)[number], kind = 'counter', own = steps(strategy, kind)) =>
    runbook(own, {
      ...{ id: strategy, strategy, checks: [check('switch')] },
      onFailure: strategy.endsWith('breaking') ? 'compensate' : 'needs-operator',
    });
  const many = (strategy: (typeof strategies)[number]) => {
    const [object = '', ...also] = Array.from({ length: named }, (_, index) => objectOf(lane, strategy, index));
    return book(strategy, 'counter', [step(object, { slowMs, also })]);
  };
  const spec = jobsCatalogue().services.shop?.environments.production;
  if (!spec) throw new Error('the catalogue has no target');
  return {
    ...spec,
    target: targetId('shop', environment),
    environment,
    runbooks: [
      ...[book('plain'), book('blind', 'counter.blind'), book('breaking')],
      ...[many('many'), many('many-breaking')],
    ],
  };
}
