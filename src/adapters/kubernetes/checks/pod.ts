import { z } from 'zod';
import { podSchema } from '../objects.ts';

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  resources: z.object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).nullish() }).nullish(),
});

/** A pod as the checks look at it: with what its containers were given. */
export const livePodSchema = podSchema.extend({
  spec: z.object({
    nodeName: z.string().nullish(),
    containers: z
      .array(container)
      .nullish()
      .transform(all => all ?? []),
  }),
});

/** A pod as the checks look at it, read. */
export type LivePod = z.infer<typeof livePodSchema>;
