import { z } from 'zod';
import type { KubeAnswer } from './transfer.ts';

const statusSchema = z.object({
  kind: z.literal('Status'),
  apiVersion: z.literal('v1'),
  message: z.string().nullish(),
});

/** The API server's own words where it answers itself; null where the answer comes from behind it. */
export function ownWords({ status, text }: Pick<KubeAnswer, 'status' | 'text'>): string | null {
  if (status < 400) return null;
  try {
    const parsed = statusSchema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data.message ?? `status ${status}`) : null;
  } catch {
    return null;
  }
}
