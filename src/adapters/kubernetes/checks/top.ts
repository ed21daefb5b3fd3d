import { z } from 'zod';
import { note } from '../../../domain/note.ts';
import type { Check, CheckContext } from '../../../ports/check.ts';
import type { Connection, KubeRequest } from '../connect.ts';
import { objectOf } from '../input.ts';
import { isTransient, KubeError } from '../kube-error.ts';
import { readAs } from '../objects.ts';
import { timeOf } from '../rollout.ts';
import { topInput } from './input.ts';
import { createLooking, type Look, type LookingDeps } from './looking.ts';
import type { LivePod } from './pod.ts';
import { quantityOf, shownQuantity } from './quantity.ts';
import { readWorkload, type Workload } from './workload.ts';

type Input = z.infer<typeof topInput>;
type Resource = 'cpu' | 'memory';

const usage = z.object({ cpu: z.string().nullish(), memory: z.string().nullish() });
const podMetrics = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      timestamp: z.string().nullish(),
      containers: z.array(z.object({ name: z.string(), usage })),
    }),
  ),
});
const nodeMetrics = z.object({ timestamp: z.string().nullish(), usage });
const node = z.object({ status: z.object({ allocatable: usage }) });
/** Measurements are made every 15 s or so; older ones than this, in ms, are none. */
const freshMs = 3 * 60_000;
const api = '/apis/metrics.k8s.io/v1beta1';
const resources: readonly Resource[] = ['cpu', 'memory'];

/** `kubernetes.top`: what pods, and the nodes under them, use of CPU and memory is within limits. */
export function createTopCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.top',
    input: topInput,
    everyMs: 5_000,
    objectOf,
    look: (connection, input, context) => look(connection, input, context, deps.clock.now()),
  });
}

async function look(connection: Connection, input: Input, { signal }: CheckContext, now: number): Promise<Look> {
  const workload = await readWorkload(connection, input, signal);
  const { object, pods, wanted } = workload;
  if (pods.length === 0 || pods.length < wanted) return { state: 'unclear', note: note('no-pod-ready', { object }) };
  try {
    const ofPods =
      Object.keys(input.pods).length > 0 ? await judgePods(connection, input, workload, { signal, now }) : null;
    const ofNodes = ofPods === null ? await judgeNodes(connection, input, workload, { signal, now }) : null;
    return ofPods ?? ofNodes ?? { state: 'good', note: note('usage-within-limits', { object, pods: pods.length }) };
  } catch (error) {
    const measured = error instanceof KubeError && error.asked.resource.endsWith('.metrics.k8s.io');
    if (!measured) throw error;
    if (error.status === 404) return { state: 'unknowable', note: note('metrics-api-missing', { object }) };
    if (isTransient(error)) return { state: 'unclear', note: note('metrics-api-silent', { object }, error.message) };
    throw error;
  }
}

interface At {
  readonly signal: AbortSignal;
  readonly now: number;
}

const metricsRequest = (resource: string, namespace: string, path: string, signal: AbortSignal): KubeRequest => ({
  verb: resource === 'nodes' ? 'get' : 'list',
  resource: `${resource}.metrics.k8s.io`,
  namespace,
  path: `${api}${path}`,
  signal,
});

const isFresh = (timestamp: string | null | undefined, now: number): boolean => now - timeOf(timestamp) <= freshMs;

async function judgePods(
  connection: Connection,
  input: Input,
  { object, pods }: Workload,
  { signal, now }: At,
): Promise<Look | null> {
  const { namespace } = input;
  const request = metricsRequest('pods', namespace, `/namespaces/${encodeURIComponent(namespace)}/pods`, signal);
  const { items } = await readAs(connection, request, podMetrics);
  const over: string[] = [];
  const unmeasured: string[] = [];
  const unlimited: string[] = [];
  for (const pod of pods) {
    const { name } = pod.metadata;
    const found = items.find(item => item.metadata.name === name);
    if (!found || !isFresh(found.timestamp, now)) {
      unmeasured.push(name);
      continue;
    }
    for (const resource of resources) {
      const verdict = judgePod(input.pods, resource, pod, found.containers);
      if (verdict === 'unmeasured') unmeasured.push(name);
      else if (verdict === 'unlimited') unlimited.push(name);
      else if (verdict) over.push(`${name}: ${verdict}`);
    }
  }
  const told = (names: readonly string[]) => ({ object, names: [...new Set(names)] });
  if (over.length > 0) return { state: 'bad', note: note('usage-over-limit', told(over)) };
  if (unlimited.length > 0) return { state: 'unknowable', note: note('usage-without-limit', told(unlimited)) };
  return unmeasured.length > 0 ? { state: 'unclear', note: note('usage-not-measured', told(unmeasured)) } : null;
}

type Measured = z.infer<typeof podMetrics>['items'][number]['containers'];

/** What a pod uses too much of, in words; null where all is within its limits. */
function judgePod(
  limits: Input['pods'],
  resource: Resource,
  pod: LivePod,
  measured: Measured,
): string | 'unmeasured' | 'unlimited' | null {
  const most = limits[resource];
  const share = resource === 'cpu' ? limits.cpuOfLimit : limits.memoryOfLimit;
  if (most === undefined && share === undefined) return null;
  const used = new Map(measured.map(one => [one.name, quantityOf(one.usage[resource])]));
  const all = pod.spec.containers.map(({ name }) => used.get(name) ?? Number.NaN);
  if (all.some(Number.isNaN)) return 'unmeasured';
  const sum = all.reduce((total, one) => total + one, 0);
  if (most !== undefined && sum > quantityOf(most)) return `${resource} ${shownQuantity(resource, sum)} > ${most}`;
  if (share === undefined) return null;
  for (const [at, { name, resources: given }] of pod.spec.containers.entries()) {
    const limit = quantityOf(given?.limits?.[resource]);
    if (Number.isNaN(limit)) return 'unlimited';
    const part = (all[at] ?? 0) / limit;
    if (part > share) return `${resource} of ${name} ${Math.round(part * 100)} % > ${Math.round(share * 100)} %`;
  }
  return null;
}

async function judgeNodes(
  connection: Connection,
  input: Input,
  { object, pods }: Workload,
  { signal, now }: At,
): Promise<Look | null> {
  const { namespace } = input;
  const wanted = resources.filter(resource => input.nodes[resource] !== undefined);
  if (wanted.length === 0) return null;
  const names = [...new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []))];
  const over: string[] = [];
  for (const name of names) {
    const at = encodeURIComponent(name);
    const found = await readAs(connection, metricsRequest('nodes', namespace, `/nodes/${at}`, signal), nodeMetrics);
    const about = { verb: 'get', resource: 'nodes', namespace, path: `/api/v1/nodes/${at}`, signal };
    const { allocatable } = (await readAs(connection, about, node)).status;
    for (const resource of wanted) {
      const part = quantityOf(found.usage[resource]) / quantityOf(allocatable[resource]);
      if (!isFresh(found.timestamp, now) || Number.isNaN(part)) {
        return { state: 'unclear', note: note('usage-not-measured', { object, names: [name] }) };
      }
      const most = input.nodes[resource] ?? 0;
      if (part > most) over.push(`${name}: ${resource} ${Math.round(part * 100)} % > ${Math.round(most * 100)} %`);
    }
  }
  return over.length > 0 ? { state: 'bad', note: note('usage-over-limit', { object, names: over }) } : null;
}
