import { z } from 'zod';
import { helmRights } from '../adapters/helm/rights.ts';
import type { ClusterUse } from '../adapters/kubernetes/doctor.ts';
import { whereFields, workloadOf } from '../adapters/kubernetes/input.ts';
import { kubernetesRights } from '../adapters/kubernetes/rights.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { ClusterRight, KindRight, RightsTable, WorkloadKindName } from '../domain/cluster-rights.ts';
import { ownerChoiceOf } from '../ports/owner-choice.ts';

/** What each kind of step, check and release source uses in a Kubernetes cluster: the one place that says it. */
export const clusterRights: RightsTable = { ...kubernetesRights, ...helmRights };

/** The kinds that a catalogue made by `discover` names. */
const discovered = ['kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.rollout'];

/** What looking, planning and watching take in a namespace, Secrets aside; every right of it only reads. */
export function lookingRights(): readonly ClusterRight[] {
  const reads = discovered
    .flatMap(kind => clusterRights[kind]?.rights ?? [])
    .filter(({ verb, resource, wide }) => ['get', 'list', 'watch'].includes(verb) && resource !== 'secrets' && !wide);
  const lists = ['deployments', 'statefulsets', 'daemonsets'].map(resource => ({
    group: 'apps',
    resource,
    verb: 'list',
  }));
  return [...reads, ...lists];
}

const named = z.object({
  deployment: z.string().exactOptional(),
  statefulSet: z.string().exactOptional(),
  daemonSet: z.string().exactOptional(),
});
const placed = z.object({
  ...whereFields,
  ...named.shape,
  workloads: z.array(named).exactOptional(),
  selector: z.unknown().exactOptional(),
  /** Limits on nodes. */
  nodes: z.record(z.string(), z.unknown()).default({}),
  /** What a step that changes a workload chose to do about its owners; a check has no such choice. */
  owner: z.string().exactOptional(),
});
type Placed = z.infer<typeof placed>;
type Workload = { readonly kind: WorkloadKindName; readonly name: string };

/** The kinds whose `selector` means workloads of every kind. */
const choosing: ReadonlySet<string> = new Set(
  ['rollout-undo', 'rollout-restart', 'set-image', 'set-env'].map(kind => `kubernetes.${kind}`),
);
const finding = ['deployments', 'statefulsets', 'daemonsets'].map(
  (resource): KindRight => ({ group: 'apps', resource, verb: 'list', essential: true, only: null, wide: false }),
);

/** The workloads that an input names: one, a list, or none. */
function workloadsOf(input: Placed): readonly (Workload | null)[] {
  const all = [input, ...(input.workloads ?? [])].filter(one => one.deployment ?? one.statefulSet ?? one.daemonSet);
  return all.length > 0 ? all.map(one => workloadOf(one)) : [null];
}

/** Everything in clusters that the catalogue's steps, checks and release sources act on, with the rights that they use there. */
export function clusterUses(catalogue: Catalogue | null): readonly ClusterUse[] {
  const targets = Object.values(catalogue?.services ?? {}).flatMap(({ environments }) => Object.values(environments));
  const used = targets.flatMap(spec => [
    ...(spec.releaseSource ? [spec.releaseSource] : []),
    ...spec.checks,
    ...spec.runbooks.flatMap(runbook => [...runbook.steps, ...runbook.checks]),
  ]);
  const uses = used.flatMap(({ kind, input }) => {
    const known = clusterRights[kind];
    const read = placed.safeParse(input);
    if (!known || !read.success) return [];
    const { namespace, context, kubeconfig } = read.data;
    const where = { namespace, context, kubeconfig };
    return workloadsOf(read.data).map((workload): ClusterUse => {
      const used = known.rights.filter(right => isUsed(kind, right, workload, read.data));
      const rights = choosing.has(kind) && read.data.selector ? [...used, ...finding] : used;
      const step = { ...ownerChoiceOf(input), byHistory: kind === 'kubernetes.rollout-undo' };
      return { where, workload, rights, steps: workload && read.data.owner !== undefined ? [step] : [] };
    });
  });
  const together = Map.groupBy(uses, ({ where, workload }) => JSON.stringify([where, workload]));
  return [...together.values()].flatMap(([first, ...rest]) =>
    first
      ? [
          {
            ...first,
            rights: [first, ...rest].flatMap(({ rights }) => rights),
            steps: [first, ...rest].flatMap(({ steps }) => steps),
          },
        ]
      : [],
  );
}

function isUsed(kind: string, { only, wide }: KindRight, workload: Workload | null, { nodes }: Placed): boolean {
  if (workload && only !== null && only !== workload.kind) return false;
  // It looks at nodes only where a limit is set for them.
  return kind !== 'kubernetes.top' || !wide || Object.keys(nodes).length > 0;
}
