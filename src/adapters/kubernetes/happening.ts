import { z } from 'zod';
import { timeOf } from './rollout.ts';

const text = z.string().nullish();

/** An Event of the API server, cut down to what it tells of its object. */
export const happeningSchema = z.object({
  type: text,
  reason: text,
  message: text,
  involvedObject: z.object({ kind: text, name: text, uid: text }),
  lastTimestamp: text,
  firstTimestamp: text,
  eventTime: text,
  series: z.object({ lastObservedTime: text }).nullish(),
});

/** An Event, as `happeningSchema` reads it. */
export type Happening = z.infer<typeof happeningSchema>;

/** When an event happened last, epoch ms; both forms of events say it in their own field. */
export function happenedAt({ lastTimestamp, firstTimestamp, eventTime, series }: Happening): number {
  return Math.max(...[lastTimestamp, firstTimestamp, eventTime, series?.lastObservedTime].map(timeOf));
}
