import type { Api } from './api.ts';
import { installCrds } from './crd-sets.ts';
import type { ClusterEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';
import { once } from './once.ts';
import { freePorts } from './ports.ts';
import { startProcess } from './processes.ts';
import { requireProgram } from './programs.ts';
import { until } from './start.ts';

/** Where programs beside a cluster are started and what they work on. */
export type Here = {
  /** Folder of their files and process ids. */
  readonly state: string;
  readonly kubeconfigPath: string;
  readonly api: Api;
  readonly environment: ClusterEnvironment;
};

const isAnswered = async (url: string) => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;

/** Starts the controller of Argo Rollouts with its kinds. */
export function startRolloutsController(here: Here): Promise<void> {
  const { state, kubeconfigPath, environment } = here;
  return once(state, 'argo-rollouts', async () => {
    const program = requireProgram('argo-rollouts', environment);
    await installCrds(here.api, 'argo-rollouts', environment);
    const [metrics, health] = await freePorts(2);
    startProcess(state, 'argo-rollouts', [
      program,
      `--kubeconfig=${kubeconfigPath}`,
      '--namespace=kube-system',
      '--leader-elect=false',
      `--metricsPort=${metrics}`,
      `--healthzPort=${health}`,
      '--qps=200',
      '--burst=400',
    ]);
    await until(state, 'Argo Rollouts', 'argo-rollouts', () => isAnswered(`http://127.0.0.1:${health}/healthz`));
  });
}

/** Starts Flagger with its kinds; the provider is plain Kubernetes, analyses that ask Prometheus find none. */
export function startFlagger(here: Here): Promise<void> {
  const { state, kubeconfigPath, environment } = here;
  return once(state, 'flagger', async () => {
    const program = requireProgram('flagger', environment);
    await installCrds(here.api, 'flagger', environment);
    const [port, nobody] = await freePorts(2);
    startProcess(state, 'flagger', [
      program,
      `-kubeconfig=${kubeconfigPath}`,
      '-mesh-provider=kubernetes',
      `-metrics-server=http://127.0.0.1:${nobody}`,
      '-control-loop-interval=1s',
      '-kubeconfig-qps=200',
      '-kubeconfig-burst=400',
      `-port=${port}`,
    ]);
    await until(state, 'Flagger', 'flagger', () => isAnswered(`http://127.0.0.1:${port}/healthz`));
  });
}

const apiServices = '/apis/apiregistration.k8s.io/v1/apiservices';
const nodeMetrics = '/apis/metrics.k8s.io/v1beta1/nodes';

/** Starts metrics-server as an aggregated API server, unless the cluster has one of its own. */
export function startMetricsServer(here: Here): Promise<void> {
  const { state, kubeconfigPath, api, environment } = here;
  return once(state, 'metrics-server', async () => {
    const known = await api('GET', `${apiServices}/v1beta1.metrics.k8s.io`).catch(() => undefined);
    if (known) return;
    if (environment.kubeconfig) throw new Error('the cluster of BACKOUT_TEST_KUBECONFIG lacks metrics-server');
    const [port = 0] = await freePorts(1);
    startProcess(state, 'metrics-server', [
      requireProgram('metrics-server', environment),
      ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map(
        flag => `--${flag}=${kubeconfigPath}`,
      ),
      '--kubelet-preferred-address-types=Hostname',
      '--kubelet-use-node-status-port',
      '--kubelet-insecure-tls',
      '--kubelet-request-timeout=8s',
      '--metric-resolution=10s',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${state}/metrics-server-certificates`,
    ]);
    await register(api, port);
    await until(state, 'figures of the node', 'metrics-server', async () => {
      const { items } = await api('GET', nodeMetrics);
      return [...(items ?? [])].length > 0;
    });
  });
}

/** The API server reaches a program on its own machine by a Service that is an alias of localhost. */
async function register(api: Api, port: number): Promise<void> {
  const namespace = 'kube-system';
  const name = 'metrics-server';
  await eventually('kube-system', () => api('GET', `/api/v1/namespaces/${namespace}`).catch(() => undefined));
  await api('POST', `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name },
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] },
  });
  await api('POST', apiServices, {
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      service: { namespace, name, port },
      insecureSkipTLSVerify: true,
      groupPriorityMinimum: 100,
      versionPriority: 100,
    },
  });
}
