import { z } from 'zod';
import { namesOneWorkload, objectName, oneWorkload, workloadFields } from './input.ts';
import { labelsField } from './labels.ts';

const chosenBy = ['pods', 'selector', 'notReady'] as const;

/** Input of `kubernetes.delete-pods`. */
export const deletePodsInput = z
  .strictObject({
    ...workloadFields,
    pods: z.array(objectName).min(1).max(100).exactOptional().describe('Names of pods of the workload.'),
    selector: labelsField.exactOptional().describe('Labels; the pods of the workload that have them.'),
    notReady: z.literal(true).exactOptional().describe('The pods of the workload that are not Ready.'),
    recovery: z
      .boolean()
      .default(false)
      .describe(
        'For a StatefulSet whose rollout hangs at a broken pod: deletes such pods without asking PodDisruptionBudgets, the lowest ordinal first, each once its follower is Ready. Beside `notReady` only.',
      ),
    graceSeconds: z
      .number()
      .int()
      .min(0)
      .max(600)
      .default(10)
      .describe(
        'Seconds that a crash loop, a failing image pull or the like of a new pod must last before the step fails.',
      ),
  })
  .refine(namesOneWorkload, oneWorkload)
  .refine(input => chosenBy.filter(key => input[key] !== undefined).length === 1, {
    error: 'needs exactly one of pods, selector, notReady',
  })
  .refine(input => !input.recovery || (input.statefulSet !== undefined && input.notReady), {
    error: 'recovery is for the pods of a statefulSet that are notReady',
  });

/** Input of `kubernetes.delete-pods`, read. */
export type DeletePodsInput = z.infer<typeof deletePodsInput>;

const uid = z.string().regex(/^[\w-]{1,64}$/);

/** What an operation of `kubernetes.delete-pods` says. */
export const deletionBody = z.strictObject({
  ...workloadFields,
  uid,
  pod: objectName,
  podUid: uid,
  /** Whether the pod is spared once it is Ready. */
  whileNotReady: z.boolean(),
  recovery: z.boolean(),
  /** When the newest pod of the workload was made, as the plan found it, epoch ms: what is newer came after it. */
  newest: z.number(),
  graceSeconds: z.number(),
});

/** What an operation of `kubernetes.delete-pods` says. */
export type Deletion = z.infer<typeof deletionBody>;
