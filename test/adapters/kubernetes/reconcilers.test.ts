import { describe, expect, it } from 'vitest';
import { isBusy, type ReconcilerKind } from '../../../src/adapters/kubernetes/reconcilers.ts';

/** Conditions as Flux's controllers write them. */
const flux = (reconciling: string | null, ready: string) => ({
  status: {
    conditions: [
      ...(reconciling ? [{ type: 'Reconciling', status: 'True', reason: reconciling }] : []),
      { type: 'Ready', status: ready, reason: ready === 'True' ? 'ReconciliationSucceeded' : 'HealthCheckFailed' },
    ],
  },
});

describe('a sync that began before', () => {
  it.each<[string, ReconcilerKind, Parameters<typeof isBusy>[1]['raw'], boolean]>([
    ['is at work', 'Kustomization', flux('Progressing', 'Unknown'), true],
    ['is at work', 'HelmRelease', flux('Progressing', 'Unknown'), true],
    ['has failed, and its mark stays while suspended', 'Kustomization', flux('ProgressingWithRetry', 'False'), false],
    ['has failed, and its mark stays while suspended', 'HelmRelease', flux('ProgressingWithRetry', 'False'), false],
    ['has ended well', 'Kustomization', flux(null, 'True'), false],
    ['was never begun', 'HelmRelease', {}, false],
    ['is ordered', 'Application', { operation: { sync: {} } }, true],
    ['is at work', 'Application', { status: { operationState: { phase: 'Running' } } }, true],
    ['has failed', 'Application', { status: { operationState: { phase: 'Failed' } } }, false],
  ])('%s, %s', (_name, kind, raw, busy) => {
    expect(isBusy(kind, { raw })).toBe(busy);
  });
});
