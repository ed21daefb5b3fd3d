import type { z } from 'zod';
import { hideSecretsInText } from '../../../domain/hide.ts';
import { note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import type { Connection } from '../connect.ts';
import { objectOf } from '../input.ts';
import { type Sample, samplesOf } from './exposition.ts';
import { metricsTextInput } from './input.ts';
import { createLooking, type Look, type LookingDeps } from './looking.ts';
import { askThrough } from './proxy.ts';
import { readWorkload, readyPods } from './workload.ts';

type Input = z.infer<typeof metricsTextInput>;

/** `kubernetes.metrics-text`: every ready pod serves a series by this name, within its limits where there are any. */
export function createMetricsTextCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.metrics-text',
    input: metricsTextInput,
    everyMs: 2_000,
    objectOf,
    look: async (connection, input, { signal }) => {
      const workload = await readWorkload(connection, input, signal);
      const { object, wanted } = workload;
      const ready = readyPods(workload);
      if (ready.length === 0 || ready.length < wanted)
        return { state: 'unclear', note: note('no-pod-ready', { object }) };
      for (const { metadata } of ready) {
        const problem = await problemOf(connection, input, metadata.name, signal);
        if (problem) return problem;
      }
      return { state: 'good', note: note('series-there', { object, series: shown(input), pods: ready.length }) };
    },
  });
}

function shown({ series, labels }: Input): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return pairs.length > 0 ? `${series}{${pairs.join(',')}}` : series;
}

async function problemOf(connection: Connection, input: Input, pod: string, signal: AbortSignal): Promise<Look | null> {
  const { namespace, port, scheme, path } = input;
  const facts = { pod, series: shown(input), port, path };
  const answer = await askThrough(connection, { plural: 'pods', namespace, name: pod, port, scheme, path, signal });
  const why = answer.kind === 'none' ? answer.why : answer.status === 200 ? null : `status ${answer.status}`;
  if (answer.kind === 'none' || why !== null) {
    return { state: 'bad', note: note('metrics-not-served', facts, hideSecretsInText(why ?? '').slice(0, 300)) };
  }
  const samples = samplesOf(answer.text, input.series).filter(sample => fits(sample, input));
  if (samples.length === 0) return { state: 'bad', note: note('series-missing', facts) };
  const wrong = samples.find(({ value }) => !isWithin(value, input));
  if (!wrong) return null;
  return {
    state: 'bad',
    note: note('series-out-of-bounds', { ...facts, value: String(wrong.value), wanted: bounds(input) }),
  };
}

const fits = ({ labels }: Sample, wanted: Input): boolean =>
  Object.entries(wanted.labels).every(([key, value]) => labels[key] === value);

/** A value that is no number lies within no bounds. */
function isWithin(value: number, { atLeast, atMost }: Input): boolean {
  return (atLeast === null || value >= atLeast) && (atMost === null || value <= atMost);
}

function bounds({ atLeast, atMost }: Input): string {
  return [atLeast === null ? '' : `≥ ${atLeast}`, atMost === null ? '' : `≤ ${atMost}`].filter(Boolean).join(', ');
}
