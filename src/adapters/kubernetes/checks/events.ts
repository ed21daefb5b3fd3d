import { z } from 'zod';
import { hideSecretsInText } from '../../../domain/hide.ts';
import { note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import { type Happening, happenedAt, happeningSchema } from '../happening.ts';
import { objectOf } from '../input.ts';
import { pathOf, readAs } from '../objects.ts';
import { eventsInput } from './input.ts';
import { beganAt, createLooking, type LookingDeps } from './looking.ts';
import { readWorkload } from './workload.ts';

/** The API server forgets events after an hour unless it is set up otherwise. */
const remembered = 55 * 60_000;

/** `kubernetes.events`: no Warning event of the workload, its ReplicaSets or its pods since the run began to change things. */
export function createEventsCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.events',
    input: eventsInput,
    everyMs: 2_000,
    objectOf,
    look: async (connection, input, context) => {
      const { namespace } = input;
      const workload = await readWorkload(connection, input, context.signal);
      const { object } = workload;
      const since = Math.floor(beganAt(context) / 1_000) * 1_000;
      if (deps.clock.now() - since > remembered)
        return { state: 'unknowable', note: note('events-forgotten', { object }) };
      const path = `${pathOf('api/v1', namespace, 'events')}?fieldSelector=${encodeURIComponent('type=Warning')}`;
      const request = { verb: 'list', resource: 'events', namespace, path, signal: context.signal };
      const { items } = await readAs(connection, request, z.object({ items: z.array(happeningSchema) }));
      const own = new Set([
        workload.uid,
        ...workload.controllers,
        ...workload.pods.map(({ metadata }) => metadata.uid),
      ]);
      const counted = items.filter(
        event =>
          own.has(event.involvedObject.uid ?? '') &&
          happenedAt(event) >= since &&
          !input.allow.includes(event.reason ?? ''),
      );
      const [first] = counted.sort((a, b) => happenedAt(b) - happenedAt(a));
      if (!first) return { state: 'good', note: note('no-warning-events', { object }) };
      const names = [...new Set(counted.map(wordsOf))];
      const detail = hideSecretsInText(first.message ?? '').slice(0, 300);
      return { state: 'over', note: note('warning-events', { object, names, count: counted.length }, detail) };
    },
  });
}

const wordsOf = ({ reason, involvedObject: { kind, name } }: Happening): string =>
  `${reason} (${kind?.toLowerCase()} ${name})`;
