import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import { objectName } from './input.ts';
import { type Live, liveObject, objectFields } from './live-object.ts';
import type { Splitter } from './splitter.ts';

const backendRef = z.looseObject({
  name: objectName,
  kind: z.string().default('Service'),
  weight: z.number().nullish(),
});
const routeSchema = z.looseObject({
  spec: z.looseObject({
    rules: z.array(z.looseObject({ backendRefs: z.array(backendRef).nullish() })).default([]),
  }),
  status: z
    .looseObject({
      parents: z
        .array(
          z.looseObject({
            conditions: z
              .array(z.looseObject({ type: z.string(), observedGeneration: z.number().nullish() }))
              .default([]),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

const weights = z.array(z.strictObject({ name: objectName, weight: z.int().min(0).max(1_000_000) }));

/** What an operation on an HTTPRoute says: the weights of the rules that share the traffic of a Service. */
export const routeBody = z.strictObject({
  action: z.literal('route-weights'),
  ...objectFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  rules: z.array(z.strictObject({ rule: z.int().min(0), before: weights, after: weights })).min(1),
  receivers: z.array(objectName),
  minReady: z.int().min(0),
});

/** A change of an HTTPRoute's weights. */
export type RouteChange = z.infer<typeof routeBody>;
type Weights = z.infer<typeof weights>;

const routeOf = ({ raw }: Live) => routeSchema.parse(raw);
/** A backend without a weight has 1. */
const weightsOf = (live: Live, rule: number): Weights =>
  (routeOf(live).spec.rules[rule]?.backendRefs ?? []).map(({ name, weight }) => ({ name, weight: weight ?? 1 }));
const same = (one: Weights, other: Weights) => JSON.stringify(one) === JSON.stringify(other);

/** How far shares are told apart where there are more than two backends. */
const fine = 10_000;

/** The weights of a rule once a backend has so many percent and the others share the rest as they did. */
export function shared(now: Weights, backend: string, percent: number): Weights {
  const others = now.filter(({ name }) => name !== backend);
  const sum = others.reduce((all, { weight }) => all + weight, 0);
  if (percent === 0 && sum > 0) return now.map(one => (one.name === backend ? { ...one, weight: 0 } : one));
  const total = others.length > 1 ? fine : 100;
  const rest = ((100 - percent) * total) / 100;
  return now.map(({ name, weight }) => {
    if (name === backend) return { name, weight: (percent * total) / 100 };
    const share = sum > 0 ? weight / sum : 1 / others.length;
    return { name, weight: Math.round(rest * share) };
  });
}

/** What an input asks of an HTTPRoute; nothing where it is so already. */
export function routeChange(
  place: Pick<RouteChange, keyof typeof objectFields>,
  live: Live,
  wish: { readonly backend: string | null; readonly weight: number; readonly minReady: number },
): { readonly change: RouteChange; readonly inverse: RouteChange } | null {
  const object = liveObject(place);
  const { backend, weight, minReady } = wish;
  if (!backend) throw new Refusal(reason('plan-failed', { object, why: 'no-backend' }));
  const all = routeOf(live).spec.rules.map((_, rule) => ({ rule, before: weightsOf(live, rule) }));
  const own = all.filter(({ before }) => before.some(({ name }) => name === backend));
  if (own.length === 0) throw new Refusal(reason('plan-failed', { object, why: 'no-such-backend', backend }));
  if (own.some(({ before }) => before.every(({ name }) => name === backend)))
    throw new Refusal(reason('plan-failed', { object, why: 'no-other-backend', backend }));
  const rules = own.map(({ rule, before }) => ({ rule, before, after: shared(before, backend, weight) }));
  const changed = rules.filter(({ before, after }) => !same(before, after));
  if (changed.length === 0) return null;
  const { uid } = live.metadata;
  const change: RouteChange = {
    action: 'route-weights',
    ...place,
    uid,
    rules: changed,
    receivers: gaining(changed),
    minReady,
  };
  const turned = changed.map(({ rule, before, after }) => ({ rule, before: after, after: before }));
  return { change, inverse: { ...change, rules: turned, receivers: [], minReady: 0 } };
}

/** Services whose share grows. */
function gaining(rules: RouteChange['rules']): string[] {
  const share = (all: Weights, name: string) => {
    const sum = all.reduce((total, { weight }) => total + weight, 0);
    return sum === 0 ? 0 : (all.find(one => one.name === name)?.weight ?? 0) / sum;
  };
  const found = rules.flatMap(({ before, after }) =>
    after.filter(({ name }) => share(after, name) > share(before, name)).map(({ name }) => name),
  );
  return [...new Set(found)];
}

/** How an HTTPRoute is looked at and written. */
export const routeSplitter: Splitter<RouteChange> = {
  holds: (change, live, side) => change.rules.every(one => same(weightsOf(live, one.rule), one[side])),
  // A gateway that has taken the route says for which generation; without a gateway nobody says anything.
  isTaken: live => {
    const parents = routeOf(live).status?.parents ?? [];
    const told = parents.flatMap(({ conditions }) =>
      conditions.map(({ observedGeneration }) => observedGeneration ?? 0),
    );
    return told.every(generation => generation >= live.metadata.generation);
  },
  judged: live => ({ spec: live.raw.spec ?? {} }),
  patch: (change, live) =>
    change.rules.flatMap(({ rule, after }) => {
      const path = `/spec/rules/${rule}/backendRefs`;
      const spec = live.raw.spec as { readonly rules: readonly { readonly backendRefs: readonly JsonObject[] }[] };
      const refs = spec.rules[rule]?.backendRefs ?? [];
      const value = refs.map((ref, at) => ({ ...ref, weight: after[at]?.weight ?? 1 }));
      return [
        { op: 'test', path, value: [...refs] },
        { op: 'replace', path, value },
      ];
    }),
  inWords: (change, side) =>
    change.rules.flatMap(one => one[side].map(({ name, weight }) => `rules[${one.rule}] ${name}: ${weight}`)),
};
