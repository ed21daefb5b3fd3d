import { describe, expect, it } from 'vitest';
import { argoByHand } from '../../../src/adapters/kubernetes/argo-change.ts';
import { byHand } from '../../../src/adapters/kubernetes/by-hand.ts';
import type { Change } from '../../../src/adapters/kubernetes/change.ts';
import type { Connect } from '../../../src/adapters/kubernetes/connect.ts';
import { refusePaused } from '../../../src/adapters/kubernetes/owners.ts';
import { createPause } from '../../../src/adapters/kubernetes/pause.ts';
import { suspensionByHand } from '../../../src/adapters/kubernetes/suspension.ts';
import { createTrafficWeight } from '../../../src/adapters/kubernetes/traffic-weight.ts';
import type { Workload } from '../../../src/adapters/kubernetes/workload.ts';
import { note } from '../../../src/domain/note.ts';
import { Refusal } from '../../../src/domain/reason.ts';

const at = { namespace: 'shop', context: null, kubeconfig: null };
const elsewhere = { namespace: 'shop', context: 'prod$1', kubeconfig: '/etc/back out/prod.yaml' };
const flags = "--kubeconfig '/etc/back out/prod.yaml' --context 'prod$1' -n shop";
const hash = '0'.repeat(32);
const shared = {
  ...{ deployment: 'api', uid: 'u', version: '1.0.0', graceSeconds: 10, waitFor: 'rollout' as const },
  ...{ before: hash, after: hash, written: hash },
};
const noConnection: Connect = () => Promise.reject(new Error('nobody is asked'));
const clock = { now: () => 0 };

const environment = { action: 'environment', set: { MODE: 'old' }, remove: ['PROXY'], containers: ['app', 'job'] };
const suspension = { action: 'resume-owner' as const, name: 'shop', uid: 'u' };
const pause = createPause('kubernetes.rollout-pause', noConnection, clock);
const traffic = createTrafficWeight(noConnection, clock);
const operation = {
  ...{ object: 'deployment shop/api', idempotent: true },
  preview: { summary: note('rollout-paused'), diff: '' },
};

function pausedSaid(place: typeof at | typeof elsewhere): readonly string[] {
  try {
    refusePaused({ ...place, deployment: 'api' }, { spec: { paused: true } } as Workload);
  } catch (error) {
    if (error instanceof Refusal) return [String(error.reason.facts?.command)];
  }
  return [];
}

const rows: Readonly<Record<string, (place: typeof at | typeof elsewhere) => readonly string[]>> = {
  undo: place => byHand({ ...shared, ...place, action: 'to-revision', revision: 'api-1' } as Change),
  restart: place => byHand({ ...shared, ...place, action: 'restart', at: '2026-01-01T00:00:00Z' } as Change),
  environment: place => byHand({ ...shared, ...place, ...environment } as Change),
  argo: place =>
    argoByHand({
      ...{ ...place, action: 'abort', rollout: 'api', uid: 'u', before: hash, current: 'a', stable: 'b' },
      ...{ version: '1', graceSeconds: 1 },
    }),
  'argo-cd': place => suspensionByHand({ ...suspension, ...place, kind: 'Application', before: { prune: true } }),
  flux: place => suspensionByHand({ ...suspension, ...place, kind: 'HelmRelease', before: false }),
  'paused, refused': pausedSaid,
  pause: place => pause.byHand?.({ ...operation, body: { ...place, deployment: 'api', uid: 'u', paused: true } }) ?? [],
  canary: place =>
    traffic.byHand?.({
      ...operation,
      body: { ...place, action: 'fail-analysis', canary: 'api', uid: 'u', analysed: 'a', threshold: 5 },
    }) ?? [],
};

describe('commands to finish by hand', () => {
  it.each(Object.entries(rows))('lead to the cluster of the target: %s', (_name, commands) => {
    expect(commands(at).length).toBeGreaterThan(0);
    for (const line of commands(at)) expect(line).toMatch(/^(kubectl|flux) -n shop /);
    for (const line of commands(elsewhere)) expect(line).toMatch(/^(kubectl|flux) --kubeconfig /);
    expect(commands(elsewhere).map(line => line.replace(flags, '-n shop'))).toEqual(commands(at));
  });

  it('set the environment of those containers alone that the step changes', () => {
    expect(rows.environment?.(at).slice(0, 2)).toEqual([
      'kubectl -n shop set env deployment/api -c app MODE=… PROXY-',
      'kubectl -n shop set env deployment/api -c job MODE=… PROXY-',
    ]);
  });
});
