import type { Json } from '../../cluster/api.ts';
import { useCluster } from '../../cluster/suite.ts';
import { openPlace, pick } from '../../engines/kubernetes/targets.ts';
import {
  atRevision,
  makeDeployment,
  patchDeployment,
  readDeployment,
  rolledOut,
} from '../../engines/kubernetes/workloads.ts';
import { backRows, forthRows } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();

const container = (image: string, mode: string) => ({
  spec: { template: { spec: { containers: [{ name: 'app', image, env: [{ name: 'MODE', value: mode }] }] } } },
});

/** A Deployment whose second revision is live; pods are started only for that one. */
async function twoRevisions(namespace: string, name: string): Promise<Json> {
  const { api } = cluster;
  const env = [{ name: 'MODE', value: 'one' }];
  await makeDeployment(api, namespace, name, { image: 'app:1.0.0', replicas: 0, probe: false, env });
  await atRevision(api, namespace, name, 1);
  await patchDeployment(api, namespace, name, container('app:1.1.0', 'two'));
  await atRevision(api, namespace, name, 2);
  await patchDeployment(api, namespace, name, { spec: { replicas: 1 } });
  return rolledOut(api, namespace, name, 120_000);
}

/** One Deployment for each lane. */
async function open(
  lanes: number,
  kind: 'kubernetes.rollout-undo' | 'kubernetes.set-env',
  more: object,
): Promise<World> {
  const { api } = cluster;
  const place = await openPlace(cluster);
  const { namespace } = place;
  const nameOf = (lane: number) => `shop-${lane}`;
  const before = await Promise.all(Array.from({ length: lanes }, (_, lane) => twoRevisions(namespace, nameOf(lane))));
  const releases = await Promise.all(
    before.map(async (_, lane) => pick(await place.look({ namespace, deployment: nameOf(lane) }), '1.0.0').key),
  );
  return {
    env: { KUBECONFIG: place.kubeconfig },
    service: lane => {
      const where = { namespace, deployment: nameOf(lane) };
      const step = { [kind]: { ...where, ...more } };
      return {
        ...runbooks(step, { 'kubernetes.rollout': where }),
        releases: { source: { 'kubernetes.deployment': where } },
      };
    },
    release: lane => (kind === 'kubernetes.rollout-undo' ? (releases[lane] ?? null) : null),
    effects: async lane => {
      const now = await readDeployment(api, namespace, nameOf(lane));
      const [app] = now.spec?.template?.spec?.containers ?? [];
      return {
        generations: Number(now.metadata?.generation) - Number(before[lane]?.metadata?.generation),
        revision: now.metadata?.annotations?.['deployment.kubernetes.io/revision'],
        image: app?.image,
        mode: app?.env?.[0]?.value,
      };
    },
    close: place.close,
  };
}

const back = { generations: 2, revision: '4', image: 'app:1.1.0', mode: 'two' };
const rows = [...forthRows(1), ...backRows()];

crashSuite('kubernetes.rollout-undo', {
  rows,
  open: lanes => open(lanes, 'kubernetes.rollout-undo', {}),
  expected: ({ runbook }) =>
    runbook === 'forth' ? { generations: 1, revision: '3', image: 'app:1.0.0', mode: 'one' } : back,
});

crashSuite('kubernetes.set-env', {
  rows,
  open: lanes => open(lanes, 'kubernetes.set-env', { set: { MODE: 'degraded' } }),
  expected: ({ runbook }) =>
    runbook === 'forth' ? { generations: 1, revision: '3', image: 'app:1.1.0', mode: 'degraded' } : back,
});
