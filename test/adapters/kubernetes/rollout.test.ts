import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../src/adapters/kubernetes/objects.ts';
import { podProblem, rolloutState, wasCompleted } from '../../../src/adapters/kubernetes/rollout.ts';
import type { Workload } from '../../../src/adapters/kubernetes/workload.ts';
import { notes } from '../../../templates/notes/index.ts';

const exceeded = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
const available = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' };

const deployment = (status: object, generation = 2, replicas = 3) =>
  ({
    kind: 'Deployment',
    metadata: { generation },
    spec: { replicas },
    status: {
      observedGeneration: 2,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      conditions: [],
      ...status,
    },
  }) as object as Workload;

describe("a rollout is judged in kubectl's order", () => {
  const rows: readonly [string, Workload, string][] = [
    ['not observed yet, whatever the old conditions say', deployment({ conditions: [exceeded] }, 3), 'waiting'],
    ['deadline exceeded', deployment({ updatedReplicas: 1, conditions: [exceeded] }), 'stuck'],
    ['new pods missing', deployment({ updatedReplicas: 1 }), 'waiting'],
    ['old pods still there', deployment({ replicas: 4 }), 'waiting'],
    ['new pods not available', deployment({ availableReplicas: 2 }), 'waiting'],
    ['all there', deployment({}), 'done'],
    ['all there, an old condition beside it', deployment({ conditions: [exceeded] }), 'done'],
    ['no replicas', deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 }, 2, 0), 'done'],
  ];
  it.each(rows)('%s', (_, given, phase) => {
    expect(rolloutState(given).phase).toBe(phase);
  });

  it('a pod that is unwell later does not make it incomplete again', () => {
    expect(wasCompleted(deployment({ availableReplicas: 2, conditions: [available] }))).toBe(true);
    expect(wasCompleted(deployment({ updatedReplicas: 1, conditions: [available] }))).toBe(false);
    expect(wasCompleted(deployment({ availableReplicas: 2, conditions: [available] }, 3))).toBe(false);
  });
});

describe('what keeps a pod from getting ready', () => {
  const pod = (container: object, conditions: readonly object[] = [], metadata: object = {}) =>
    ({
      metadata: { name: 'p', ...metadata },
      status: {
        conditions,
        initContainerStatuses: [],
        containerStatuses: [{ name: 'app', ready: false, restartCount: 0, ...container }],
      },
    }) as object as Pod;
  const waiting = (reason: string) => ({ state: { waiting: { reason, message: 'said' } } });
  const killed = { restartCount: 3, state: {}, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } };
  const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' };
  const rows: readonly [string, Pod, object | null][] = [
    ['image', pod(waiting('ImagePullBackOff')), { reason: 'ImagePullBackOff', message: 'said', container: 'app' }],
    ['configuration', pod(waiting('CreateContainerConfigError')), { reason: 'CreateContainerConfigError' }],
    ['starting', pod(waiting('ContainerCreating')), null],
    ['out of memory', pod(killed), { reason: 'OOMKilled', message: '', container: 'app', exitCode: 137 }],
    ['between two crashes', pod({ restartCount: 2, state: { running: {} } }), { reason: 'CrashLoopBackOff' }],
    ['one crash', pod({ restartCount: 1, state: { running: {} } }), null],
    ['crashed once long ago, ready', pod({ restartCount: 5, ready: true, state: { running: {} } }), null],
    ['no node', pod({}, [unschedulable]), { reason: 'Unschedulable', message: '0/3 nodes', atLeastSeconds: 90 }],
    ['on its way out', pod(waiting('ImagePullBackOff'), [], { deletionTimestamp: 'now' }), null],
  ];
  it.each(rows)('%s', (_, given, problem) => {
    if (problem === null) expect(podProblem(given)).toBeNull();
    else expect(podProblem(given)).toMatchObject(problem);
  });
});

it('every note of the adapter has its sentence', () => {
  const folder = join(import.meta.dirname, '../../../src/adapters/kubernetes');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
  const source = files.map(file => readFileSync(join(folder, file), 'utf8'));
  const codes = source.flatMap(text =>
    [...text.matchAll(/\bnote\(\s*'(?<code>[a-z-]+)'/g)].map(found => found.groups?.code),
  );
  const sentences = Object.keys(notes);
  expect(codes.filter(code => code && !sentences.includes(code))).toEqual([]);
  expect(sentences).toContain('rolled-out-without-pods');
});
