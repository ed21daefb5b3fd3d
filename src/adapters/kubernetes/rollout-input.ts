import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { ownerFields } from '../../ports/owner-choice.ts';
import { graceField, namesWorkloads, objectName, placeFields, severalFields, someWorkloads } from './input.ts';

/** Input of `kubernetes.rollout-restart`. */
export const restartInput = z
  .strictObject({ ...severalFields, ...ownerFields, graceSeconds: graceField })
  .refine(namesWorkloads, someWorkloads);

/** Input of `kubernetes.rollout-pause`: of the three kinds only a Deployment can be paused. */
export const pauseInput = z.strictObject({ ...placeFields, ...ownerFields });

/** Input of `kubernetes.rollout-resume`. */
export const resumeInput = z.strictObject({
  ...placeFields,
  ...ownerFields,
  whilePaused: z
    .boolean()
    .default(false)
    .describe(
      'Whether an earlier step of the same runbook pauses the Deployment, so that it is resumed though it is not paused yet.',
    ),
});

/** An image: repository with or without its registry, tag, digest. */
export const imageName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,254}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
    'not the name of an image',
  );

/** Input of `kubernetes.set-image`. */
export const setImageInput = z
  .strictObject({
    ...severalFields,
    ...ownerFields,
    images: z
      .union([
        z.literal('release'),
        z.record(objectName, imageName).refine(images => Object.keys(images).length > 0, 'names no container'),
      ])
      .describe("Images by container; `release` is what the run's release ran, everything else of the template stays."),
    byDigest: z
      .boolean()
      .default(true)
      .describe(
        'Whether an image that was seen running is set by the digest it had then: a tag may have moved since. Its tag stays readable.',
      ),
    graceSeconds: graceField,
  })
  .refine(namesWorkloads, someWorkloads);

/** Whether a step of `kubernetes.set-image` takes its images from the run's release. */
export function takesImagesOfRelease(input: JsonObject): boolean {
  return input.images === 'release';
}
