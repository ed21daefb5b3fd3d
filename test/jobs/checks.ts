import { z } from 'zod';
import { note } from '../../src/domain/note.ts';
import type { BoundCheck, Check } from '../../src/ports/check.ts';

/** A check that answers what the test says, for all runs under `all`; passed where nothing is said. */
export function switchCheck(answers: ReadonlyMap<string, 'passed' | 'failed' | 'waiting' | 'unknown'>): Check {
  return {
    kind: 'switch',
    start: () => async () => {
      const status = answers.get('all') ?? 'passed';
      return { status, note: note(`switch-${status}`) };
    },
  };
}

/** A check as a row of the table, its input unchecked. */
export function boundCheck(check: Check): [string, BoundCheck] {
  const { kind } = check;
  const input = z.record(z.string(), z.json()) as unknown as BoundCheck['input'];
  return [kind, { kind, input, summary: kind, hostLocal: false, load: async () => check }];
}
