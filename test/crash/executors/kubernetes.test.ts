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
import { backRows, forthRows, type Row, siblingRows, whilePodsChange } from './rows.ts';
import { crashSuites, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();

const container = (image: string, mode: string) => ({
  spec: { template: { spec: { containers: [{ name: 'app', image, env: [{ name: 'MODE', value: mode }] }] } } },
});

/** A Deployment whose second revision is live; pods are started only for that one, if at all. */
async function twoRevisions(namespace: string, name: string, replicas: 0 | 1): Promise<Json> {
  const { api } = cluster;
  const env = [{ name: 'MODE', value: 'one' }];
  await makeDeployment(api, namespace, name, { image: 'app:1.0.0', replicas: 0, probe: false, env });
  await atRevision(api, namespace, name, 1);
  await patchDeployment(api, namespace, name, { spec: { ...container('app:1.1.0', 'two').spec, replicas } });
  await atRevision(api, namespace, name, 2);
  return rolledOut(api, namespace, name, 120_000);
}

/** One Deployment for each row, with a pod where that is about pods. */
async function open(
  rows: readonly Row[],
  kind: 'kubernetes.rollout-undo' | 'kubernetes.set-env',
  more: object,
): Promise<World> {
  const { api } = cluster;
  const place = await openPlace(cluster);
  const { namespace, kubeconfig } = place;
  const nameOf = (lane: number) => `shop-${lane}`;
  const replicas = (lane: number) => (whilePodsChange(rows[lane]) ? 1 : 0);
  const before = await Promise.all(rows.map((_, lane) => twoRevisions(namespace, nameOf(lane), replicas(lane))));
  const releases = await Promise.all(
    before.map(async (_, lane) => pick(await place.look({ namespace, deployment: nameOf(lane) }), '1.0.0').key),
  );
  return {
    service: lane => {
      const where = { namespace, deployment: nameOf(lane), kubeconfig };
      const step = { [kind]: { ...where, ...more } };
      // Of a rollout without pods nobody can say that it serves.
      const check = replicas(lane) > 0 ? { 'kubernetes.rollout': where } : { command: { argv: ['true'] } };
      return {
        ...runbooks(step, check),
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
const undone: readonly Row[] = [...forthRows(1), ...backRows()];
const set = siblingRows();

crashSuites({
  'kubernetes.rollout-undo': {
    rows: undone,
    open: () => open(undone, 'kubernetes.rollout-undo', {}),
    expected: ({ runbook }) =>
      runbook === 'forth' ? { generations: 1, revision: '3', image: 'app:1.0.0', mode: 'one' } : back,
  },
  // It is written, put back and waited for as a rollback is.
  'kubernetes.set-env': {
    rows: set,
    open: () => open(set, 'kubernetes.set-env', { set: { MODE: 'degraded' } }),
    expected: ({ runbook }) =>
      runbook === 'forth' ? { generations: 1, revision: '3', image: 'app:1.1.0', mode: 'degraded' } : back,
  },
});
