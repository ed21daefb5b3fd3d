import { expect, it } from 'vitest';
import { suspendedBy, type WorkloadStep, workloadFindings } from '../../../src/adapters/kubernetes/doctor-owners.ts';
import type { Workload } from '../../../src/adapters/kubernetes/workload.ts';
import { rightName } from '../../../src/domain/cluster-rights.ts';

const place = { namespace: 'shop', deployment: 'web', context: null, kubeconfig: null };
const step = (owner: WorkloadStep['owner'], byHistory = true): WorkloadStep => ({ owner, argocd: 'argocd', byHistory });

const marks = {
  none: {},
  argo: { annotations: { 'argocd.argoproj.io/tracking-id': 'web:x' } },
  flux: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux' } },
  helm: { annotations: { 'meta.helm.sh/release-name': 'web' } },
  rollout: { ownerReferences: [{ kind: 'Rollout', name: 'web', uid: 'u', controller: true }] },
};
const workload = (mark: keyof typeof marks, revisionHistoryLimit = 10) =>
  ({
    kind: 'Deployment',
    metadata: { name: 'web', labels: {}, annotations: {}, managedFields: [], ownerReferences: [], ...marks[mark] },
    spec: { revisionHistoryLimit },
  }) as object as Workload;

type Row = readonly [string, Workload, readonly WorkloadStep[], readonly string[]];

it.each<Row>([
  ['is only looked at, though Helm renders it and it keeps nothing', workload('helm', 0), [], []],
  ['is nobody else’s', workload('none'), [step('refuse')], []],
  [
    'is Argo CD’s and that is refused',
    workload('argo'),
    [step('refuse')],
    ['owner: suspend in target.kubernetes, or the step git.restore-release, or owner: anyway'],
  ],
  ['is Argo CD’s, which is suspended', workload('argo'), [step('suspend')], []],
  ['is Argo CD’s, in spite of which it is changed', workload('argo'), [step('anyway')], []],
  [
    'is Helm’s',
    workload('helm'),
    [step('refuse')],
    ['the step helm.rollback, or the step git.restore-release, or owner: anyway'],
  ],
  [
    'is Helm’s, which cannot be suspended',
    workload('helm'),
    [step('suspend')],
    ['the step helm.rollback, or the step git.restore-release, or owner: anyway'],
  ],
  ['is a Rollout’s, whatever was chosen', workload('rollout'), [step('anyway')], ['kubernetes.argo-rollouts']],
  ['keeps no history', workload('none', 0), [step('refuse')], ['revisionHistoryLimit']],
  ['keeps none that a step would need', workload('none', 0), [step('refuse', false)], []],
  ['has one trouble for two steps', workload('argo'), [step('refuse'), step('refuse', false)], ['suspend']],
])('where a workload %s', (_where, live, steps, remedies) => {
  const found = workloadFindings(place, live, steps);
  expect(found.map(({ state }) => state)).toEqual(remedies.map(() => 'broken'));
  for (const [at, remedy] of remedies.entries()) expect(found[at]?.remedy).toContain(remedy);
});

it('asks for rights on what would be suspended, and on nothing else', () => {
  const asked = (mark: keyof typeof marks, ...owners: readonly WorkloadStep['owner'][]) =>
    suspendedBy(
      place,
      workload(mark),
      owners.map(owner => step(owner)),
    ).map(({ reconciler, rights }) => [`${reconciler.namespace}/${reconciler.name}`, rights.map(rightName)]);
  expect(asked('argo', 'refuse', 'anyway')).toEqual([]);
  expect(asked('none', 'suspend')).toEqual([]);
  expect(asked('argo', 'suspend', 'suspend-parents')).toEqual([
    ['argocd/web', ['get applications.argoproj.io', 'patch applications.argoproj.io']],
  ]);
  expect(asked('flux', 'suspend')).toEqual([
    [
      'flux/apps',
      ['get kustomizations.kustomize.toolkit.fluxcd.io', 'patch kustomizations.kustomize.toolkit.fluxcd.io'],
    ],
  ]);
});
