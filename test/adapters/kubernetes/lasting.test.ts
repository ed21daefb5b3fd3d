import { describe, expect, it } from 'vitest';
import { lasting, type Problems } from '../../../src/adapters/kubernetes/lasting.ts';
import { podProblem } from '../../../src/adapters/kubernetes/rollout.ts';

const problem = (more: object = {}) => ({
  pod: 'p',
  reason: 'CrashLoopBackOff',
  message: 'm',
  atLeastSeconds: 0,
  ...more,
});

/** Looks at these moments, in s, at what is wrong then; answers the first at which it counts as failed. */
function failsAt(looks: readonly (readonly [number, object | null])[], graceSeconds = 10): number | null {
  const known: Problems = new Map();
  for (const [at, more] of looks) {
    const problems = more === null ? [] : [problem(more)];
    if (lasting(known, problems, graceSeconds, at * 1000)) return at;
  }
  return null;
}

describe('a problem of a pod counts', () => {
  it.each([
    {
      name: 'once it has lasted for its grace',
      looks: [
        [0, {}],
        [9, {}],
        [10, {}],
      ],
      at: 10,
    },
    { name: 'at once where no time mends it', looks: [[0, { atOnce: true }]], at: 0 },
    {
      name: 'later where it needs longer',
      looks: [
        [0, { atLeastSeconds: 90 }],
        [60, { atLeastSeconds: 90 }],
        [90, { atLeastSeconds: 90 }],
      ],
      at: 90,
    },
    {
      name: 'though it runs for a moment in between',
      looks: [
        [0, {}],
        [4, null],
        [8, {}],
        [11, {}],
      ],
      at: 11,
    },
    {
      name: 'anew after it was gone',
      looks: [
        [0, {}],
        [4, null],
        [9, null],
        [10, {}],
        [19, {}],
        [20, {}],
      ],
      at: 20,
    },
    {
      name: 'never while nothing is wrong',
      looks: [
        [0, null],
        [100, null],
      ],
      at: null,
    },
  ] as const)('$name', ({ looks, at }) => {
    expect(failsAt(looks)).toBe(at);
  });

  it('not where all its crashes came before the write', () => {
    const crashed = (finishedAt: string) => ({
      metadata: { name: 'p' },
      status: {
        conditions: [],
        initContainerStatuses: [],
        containerStatuses: [
          {
            name: 'app',
            ready: false,
            restartCount: 7,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, finishedAt } },
          },
        ],
      },
    });
    const patchedAt = Date.parse('2026-11-21T03:00:00Z');
    expect(podProblem(crashed('2026-11-21T02:59:59Z'), patchedAt)).toBeNull();
    expect(podProblem(crashed('2026-11-21T03:00:01Z'), patchedAt)).toMatchObject({ reason: 'CrashLoopBackOff' });
  });
});
