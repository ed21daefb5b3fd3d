/** Kinds of workload that a cluster right may be about. */
export type WorkloadKindName = 'Deployment' | 'StatefulSet' | 'DaemonSet';

/** One right in a Kubernetes cluster, in the words of a role's rule. */
export interface ClusterRight {
  readonly group: string;
  /** The resource, with its subresource where it has one: `pods/log`. */
  readonly resource: string;
  readonly verb: string;
}

/** A right that one kind of step, check or release source uses. */
export interface KindRight extends ClusterRight {
  /** Without an essential one the kind does not work; without another it does less and says so. */
  readonly essential: boolean;
  /** The only kind of workload that it is used for; null where that makes no difference. */
  readonly only: WorkloadKindName | null;
  /** Whether it is a right in the whole cluster, which no namespace's role can give. */
  readonly wide: boolean;
}

/** All that one kind uses, and in words what depends on more than its kind. */
export interface KindRights {
  readonly rights: readonly KindRight[];
  readonly besides: string | null;
}

/** Rights by kind. */
export type RightsTable = Readonly<Record<string, KindRights>>;

/** A rule of a Role or ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** The order in which verbs are told: looking first. */
const verbOrder = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

const byOrder = (a: string, b: string) => verbOrder.indexOf(a) - verbOrder.indexOf(b);

/** The rules that grant exactly these rights, always in the same order: resources of one group that need the same verbs share a rule. */
export function rulesOf(rights: readonly ClusterRight[]): PolicyRule[] {
  const verbs = new Map<string, { group: string; resource: string; verbs: Set<string> }>();
  for (const { group, resource, verb } of rights) {
    const key = `${group} ${resource}`;
    const known = verbs.get(key) ?? { group, resource, verbs: new Set() };
    known.verbs.add(verb);
    verbs.set(key, known);
  }
  const rules = new Map<string, { group: string; resources: string[]; verbs: string[] }>();
  for (const key of [...verbs.keys()].sort()) {
    const one = verbs.get(key);
    if (!one) continue;
    const sorted = [...one.verbs].sort(byOrder);
    const together = `${one.group} ${sorted.join()}`;
    const rule = rules.get(together) ?? { group: one.group, resources: [], verbs: sorted };
    rule.resources.push(one.resource);
    rules.set(together, rule);
  }
  return [...rules.values()].map(rule => ({ apiGroups: [rule.group], resources: rule.resources, verbs: rule.verbs }));
}

/** A right in words, e.g. `patch deployments.apps`. */
export function rightName({ verb, resource, group }: ClusterRight): string {
  const [name = '', ...sub] = resource.split('/');
  return `${verb} ${[group ? `${name}.${group}` : name, ...sub].join('/')}`;
}
