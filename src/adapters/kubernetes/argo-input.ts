import { z } from 'zod';
import { ownerFields } from '../../ports/owner-choice.ts';
import { graceField, objectName, whereFields } from './input.ts';

/** Input of `kubernetes.argo-rollouts`. */
export const argoRolloutsInput = z
  .strictObject({
    ...whereFields,
    rollout: objectName.describe('Name of the Rollout.'),
    action: z
      .enum(['abort', 'undo', 'retry', 'promote-full'])
      .describe(
        'abort: all traffic to the stable release at once; undo: the template too; retry: go on with what was aborted; promote-full: skip all steps and analyses.',
      ),
    to: z
      .union([z.literal('stable'), z.int().min(1)])
      .default('stable')
      .describe('With undo: where to; the release that is stable while another one is rolled out, or a revision.'),
    promoteFull: z
      .boolean()
      .default(false)
      .describe('With undo to a revision that is not the stable one: skip its canary steps and analyses.'),
    graceSeconds: graceField,
    ...ownerFields,
  })
  .refine(input => input.action === 'undo' || input.to === 'stable', 'to is for undo alone')
  .refine(input => input.action === 'undo' || !input.promoteFull, 'promoteFull is for undo alone');
