import { z } from 'zod';
import { ownerFields } from '../../ports/owner-choice.ts';
import { objectName, whereFields } from './input.ts';

/** Kinds of objects that split traffic between releases. */
const splitterKinds = ['Rollout', 'Canary', 'HTTPRoute', 'Ingress'] as const;

/** A kind of object that splits traffic between releases. */
export type SplitterKind = (typeof splitterKinds)[number];

/** Input of `kubernetes.traffic-weight`. */
export const trafficWeightInput = z.strictObject({
  ...whereFields,
  name: objectName.describe(
    'Name of the Rollout, Canary, HTTPRoute or Ingress that splits the traffic; which of them it is is found out.',
  ),
  kind: z.enum(splitterKinds).nullable().default(null).describe('Needed only where several of them bear the name.'),
  weight: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe('Share of the new release in percent; a Rollout or Canary sets its own steps and takes 0 alone.'),
  backend: objectName
    .nullable()
    .default(null)
    .describe('With an HTTPRoute: the Service of the new release, whose share is set.'),
  minReady: z
    .int()
    .min(1)
    .max(10_000)
    .default(1)
    .describe('How many endpoints each Service must have ready before more traffic is led to it.'),
  ...ownerFields,
});
