import { z } from 'zod';

const state = z.object({
  waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
  running: z.object({ startedAt: z.string().nullish() }).nullish(),
  terminated: z
    .object({ reason: z.string().nullish(), exitCode: z.number().nullish(), finishedAt: z.string().nullish() })
    .nullish(),
});
const status = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z
    .number()
    .nullish()
    .transform(count => count ?? 0),
  image: z.string().nullish(),
  imageID: z.string().nullish(),
  state: state.nullish(),
  lastState: state.nullish(),
});
const list = <T>(items: z.ZodType<T>) =>
  z
    .array(items)
    .nullish()
    .transform(all => all ?? []);

/** A pod as the checks look at it. */
export const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().nullish(),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).nullish(),
  }),
  spec: z.object({
    nodeName: z.string().nullish(),
    containers: list(
      z.object({
        name: z.string(),
        image: z.string().default(''),
        resources: z.object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).nullish() }).nullish(),
      }),
    ),
  }),
  status: z
    .object({
      phase: z.string().default('Pending'),
      conditions: list(
        z.object({
          type: z.string(),
          status: z.string(),
          reason: z.string().nullish(),
          message: z.string().nullish(),
        }),
      ),
      containerStatuses: list(status),
      initContainerStatuses: list(status),
    })
    .prefault({}),
});

/** A pod as the checks look at it, read. */
export type LivePod = z.infer<typeof podSchema>;
