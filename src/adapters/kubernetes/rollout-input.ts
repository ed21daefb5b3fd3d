import { z } from 'zod';
import { graceField, namesOneWorkload, oneWorkload, placeFields, workloadFields } from './input.ts';

/** Input of `kubernetes.rollout-restart`. */
export const restartInput = z
  .strictObject({ ...workloadFields, graceSeconds: graceField })
  .refine(namesOneWorkload, oneWorkload);

/** Input of `kubernetes.rollout-pause` and `kubernetes.rollout-resume`: of the three kinds only a Deployment can be paused. */
export const pauseInput = z.strictObject(placeFields);
