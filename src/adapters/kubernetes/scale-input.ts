import { z } from 'zod';
import { acceptedOwners, ownerFields } from '../../ports/owner-choice.ts';
import { objectName, whereFields } from './input.ts';
import { labelsField } from './labels.ts';

/** No workload of one cluster has more pods; a typing error has. */
const mostReplicas = 10_000;
const replicasField = z.number().int().min(0).max(mostReplicas);

/** One workload out of a list. */
const listed = z.union([
  z.strictObject({ deployment: objectName.describe('Name of a Deployment.') }),
  z.strictObject({ statefulSet: objectName.describe('Name of a StatefulSet.') }),
]);

/** A step that chooses workloads in one way means those, whatever its target names. */
const chosenBy = ['deployment', 'statefulSet', 'workloads', 'selector'] as const;
const others = (key: (typeof chosenBy)[number]) => ({ insteadOf: chosenBy.filter(other => other !== key) });

/** Input of `kubernetes.scale`. */
export const scaleInput = z
  .strictObject({
    deployment: objectName.exactOptional().describe('Name of the Deployment.').meta(others('deployment')),
    statefulSet: objectName.exactOptional().describe('Name of the StatefulSet.').meta(others('statefulSet')),
    workloads: z
      .array(listed)
      .min(1)
      .max(100)
      .exactOptional()
      .describe('Several workloads: each is scaled by an operation of its own, at most ten at once.')
      .meta(others('workloads')),
    selector: labelsField
      .exactOptional()
      .describe('Labels; every Deployment and StatefulSet that has them when the plan is made is scaled.')
      .meta(others('selector')),
    ...whereFields,
    ...ownerFields,
    replicas: z
      .union([replicasField, z.literal('before')])
      .describe('How many pods; `before` is the count that each workload had when the plan was made. 0 ends all pods.'),
    whileAt: replicasField
      .nullable()
      .default(null)
      .describe('The count that an earlier step of the same runbook has set; 0 beside `replicas: before` unless set.'),
    only: z
      .enum(['out', 'in'])
      .nullable()
      .default(null)
      .describe('`out`: a workload that has as many pods or more is left as it is; `in`: one that has no more.'),
    hpa: z
      .enum(['refuse', 'suspend'])
      .default('refuse')
      .describe(
        'What to do where a HorizontalPodAutoscaler scales the workload: plan nothing, or hold it at the count until the run is undone or a later step says `replicas: before`. At 0 pods Kubernetes suspends it by itself.',
      ),
    graceSeconds: z
      .number()
      .int()
      .min(0)
      .max(600)
      .default(10)
      .describe(
        'Seconds that a crash loop, a failing image pull or the like must last before the step counts as failed.',
      ),
  })
  .refine(
    ({ workloads = [] }) => new Set(workloads.map(one => JSON.stringify(one))).size === workloads.length,
    'names a workload twice',
  )
  .refine(input => chosenBy.filter(key => input[key] !== undefined).length === 1, {
    error: 'needs exactly one of deployment, statefulSet, workloads, selector',
  });

/** Input of `kubernetes.scale`, read. */
export type ScaleInput = z.infer<typeof scaleInput>;

const range = z.strictObject({ min: z.number(), max: z.number() });

/** What an operation of `kubernetes.scale` says. */
export const scaleBody = z.strictObject({
  deployment: objectName.exactOptional(),
  statefulSet: objectName.exactOptional(),
  ...whereFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  from: replicasField,
  to: replicasField,
  /** The autoscaler of the workload and its limits, before the operation and after it; the same where it is left alone. */
  autoscaler: z.strictObject({ name: objectName, uid: z.string(), before: range, after: range }).nullable(),
  graceSeconds: z.number(),
});

/** What an operation of `kubernetes.scale` says. */
export type Scaling = z.infer<typeof scaleBody>;
