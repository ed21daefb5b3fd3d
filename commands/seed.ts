import { z } from 'zod';

/** What a form begins with: what was understood so far. It travels in buttons and in the form's metadata; no secret in it. */
export interface Seed {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly level?: number | undefined;
  readonly strategy?: string | undefined;
  /** A version or key. */
  readonly release?: string | undefined;
  readonly scenario?: string | undefined;
  readonly reason?: string | undefined;
  /** The proposal whose button was pressed. */
  readonly proposal?: string | undefined;
  /** The run not yet approved that this one is to replace, and the version it was seen at. */
  readonly replaces?: { readonly run: string; readonly version: number } | undefined;
}

const text = z.string().max(300).optional();

const schema = z.object({
  service: text,
  environment: text,
  level: z.number().int().min(1).max(4).optional(),
  strategy: text,
  release: text,
  scenario: text,
  reason: text,
  proposal: text,
  replaces: z.object({ run: z.string().max(26), version: z.number().int().min(1) }).optional(),
});

/** Writes a seed as a button's value or a form's metadata: at most 1,900 characters, so that it fits Slack's 2,000. */
export function writeSeed(seed: Seed): string {
  const whole = JSON.stringify({
    ...seed,
    ...(seed.reason ? { reason: [...seed.reason].slice(0, 300).join('') } : {}),
  });
  return whole.length <= 1_900 ? whole : JSON.stringify({ ...seed, reason: undefined });
}

/** Reads a seed; whatever is no seed is an empty one. */
export function readSeed(value: string): Seed {
  try {
    return schema.parse(JSON.parse(value));
  } catch {
    return {};
  }
}

/** Writes a seed as the command that does the same at a terminal. */
export function seedCommand(seed: Seed): string {
  const words = [
    'backout rollback',
    seed.service ?? 'SERVICE',
    seed.environment ? `in ${seed.environment}` : '',
    seed.release ? `to ${seed.release}` : '',
    seed.level ? `level ${seed.level}` : '',
    seed.strategy ? `strategy ${seed.strategy}` : '',
    seed.scenario ? `scenario ${seed.scenario}` : '',
    `because ${JSON.stringify(seed.reason ?? 'REASON')}`,
  ];
  return words.filter(word => word !== '').join(' ');
}
