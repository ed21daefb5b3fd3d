import type { Json } from '../../cluster/api.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { ownerRules } from '../../engines/kubernetes/ownership-world.ts';
import { openPlace } from '../../engines/kubernetes/targets.ts';
import { atRevision, makeDeployment, readDeployment } from '../../engines/kubernetes/workloads.ts';
import { forthRows, operationPoints, type Row } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const automated = { prune: true, selfHeal: true };
const group = 'argoproj.io/v1alpha1';

/** A Deployment without pods, and the Application that renders it. */
async function rendered(namespace: string, name: string): Promise<Json> {
  const { api } = cluster;
  const labels = { 'argocd.argoproj.io/instance': name };
  const env = [{ name: 'MODE', value: 'two' }];
  await makeDeployment(api, namespace, name, { replicas: 0, labels, env });
  await api('POST', `/apis/${group}/namespaces/${namespace}/applications`, {
    apiVersion: group,
    kind: 'Application',
    metadata: { name },
    spec: {
      project: 'default',
      source: { repoURL: 'https://git.invalid/shop.git', path: 'deploy' },
      destination: { server: 'https://kubernetes.default.svc' },
      syncPolicy: { automated },
    },
  });
  return atRevision(api, namespace, name, 1);
}

async function open(lanes: number): Promise<World> {
  const { api } = cluster;
  await eventually('Argo CD', () => cluster.installCrds('argo-cd').catch(() => undefined), 120_000);
  const place = await openPlace(cluster, ownerRules);
  const { namespace } = place;
  const nameOf = (lane: number) => `shop-${lane}`;
  const before = await Promise.all(Array.from({ length: lanes }, (_, lane) => rendered(namespace, nameOf(lane))));
  return {
    env: { KUBECONFIG: place.kubeconfig },
    service: lane => {
      const choice = { owner: 'suspend', argocd: namespace };
      const step = { namespace, deployment: nameOf(lane), ...choice, set: { MODE: 'degraded' } };
      return runbooks({ 'kubernetes.set-env': step }, { command: { argv: ['true'] } });
    },
    effects: async lane => {
      const [now, application] = await Promise.all([
        readDeployment(api, namespace, nameOf(lane)),
        api('GET', `/apis/${group}/namespaces/${namespace}/applications/${nameOf(lane)}`),
      ]);
      return {
        generations: Number(now.metadata?.generation) - Number(before[lane]?.metadata?.generation),
        mode: now.spec?.template?.spec?.containers?.[0]?.env?.[0]?.value,
        automated: application.spec?.syncPolicy?.automated ?? null,
        switched: Number(application.metadata?.generation) - 1,
      };
    },
    close: place.close,
  };
}

const points = new Set<string>(operationPoints);
const acting = new Set<string>(['operation-applying', 'operation-applied']);
/** The suspension is the first of two operations; while the run is put back it follows the idle inverse of the failing step and the Deployment's. */
const rows: readonly Row[] = [
  ...forthRows(2).filter(({ point, nth }) => points.has(point) && nth === 1),
  ...operationPoints.map(
    (point): Row => ({
      name: `${point}, putting back`,
      runbook: 'back',
      point,
      nth: acting.has(point) ? 2 : 3,
      after: 'compensation-started',
    }),
  ),
];

crashSuite('the suspension of a reconciler', {
  rows,
  open,
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? { generations: 1, mode: 'degraded', automated: null, switched: 1 }
      : { generations: 2, mode: 'two', automated, switched: 2 },
});
