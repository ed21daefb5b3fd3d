import type { KindRight, KindRights, RightsTable, WorkloadKindName } from '../../domain/cluster-rights.ts';

type Only = WorkloadKindName | null;
type Share = 'needs' | 'wants';

/** Rights in the words of `kubectl auth can-i`: verbs, then resources as `resource.group/subresource`, each separated by commas. */
function rights(share: Share, verbs: string, resources: string, only: Only = null, wide = false): KindRight[] {
  return resources.split(',').flatMap(name => {
    const [full = '', sub] = name.split('/');
    const [plural = '', ...group] = full.split('.');
    const resource = sub ? `${plural}/${sub}` : plural;
    return verbs
      .split(',')
      .map(verb => ({ group: group.join('.'), resource, verb, essential: share === 'needs', only, wide }));
  });
}

const needs = (verbs: string, resources: string, only?: Only) => rights('needs', verbs, resources, only);
const wants = (verbs: string, resources: string, only?: Only) => rights('wants', verbs, resources, only);

const only = (...all: readonly KindRight[][]): KindRights => ({ rights: all.flat(), besides: null });

/** The workload itself, of whichever kind. */
const workload = (verbs: string) => [
  ...needs(verbs, 'deployments.apps', 'Deployment'),
  ...needs(verbs, 'statefulsets.apps', 'StatefulSet'),
  ...needs(verbs, 'daemonsets.apps', 'DaemonSet'),
];

/** Its pods and, for a Deployment, the ReplicaSets between. */
const pods = [...needs('list', 'pods'), ...needs('list', 'replicasets.apps', 'Deployment')];

/** Where it keeps its releases. */
const history = [
  ...pods,
  ...needs('list', 'controllerrevisions.apps', 'StatefulSet'),
  ...needs('list', 'controllerrevisions.apps', 'DaemonSet'),
];

/** What its template names and pods need to start. */
const references = wants('get', 'configmaps,secrets,serviceaccounts,persistentvolumeclaims');

/** Which images lie on which node. */
const images = rights('wants', 'list', 'nodes', null, true);

/** Hearing of changes at once, why no pods are made, what a dead container said, and the pods that a stuck StatefulSet waits for. */
const settling = [
  ...wants('watch', 'deployments.apps', 'Deployment'),
  ...wants('watch', 'statefulsets.apps', 'StatefulSet'),
  ...wants('watch', 'daemonsets.apps', 'DaemonSet'),
  ...wants('list', 'events'),
  ...wants('get', 'pods/log'),
  ...wants('delete', 'pods', 'StatefulSet'),
];

/** Hearing of everything that a look at the releases reads, so that nothing is asked for again and again. */
const following = [
  ...wants('list,watch', 'deployments.apps', 'Deployment'),
  ...wants('list,watch', 'statefulsets.apps', 'StatefulSet'),
  ...wants('list,watch', 'daemonsets.apps', 'DaemonSet'),
  ...wants('watch', 'pods'),
  ...wants('watch', 'replicasets.apps', 'Deployment'),
  ...wants('watch', 'controllerrevisions.apps', 'StatefulSet'),
  ...wants('watch', 'controllerrevisions.apps', 'DaemonSet'),
  ...wants('list,watch', 'configmaps,serviceaccounts,persistentvolumeclaims'),
  ...wants('watch', 'secrets'),
];

/** Who else reads a ConfigMap or Secret. */
const consumers = wants('list', 'deployments.apps,statefulsets.apps,daemonsets.apps');

/** Whom its pods serve. */
const services = wants('list', 'services');

/** Who would take a change of its template over, or judge it: without these rights nobody is seen to. */
const drivers = wants('list', 'rollouts.argoproj.io,canaries.flagger.app');

/** A change of a pod template. */
const template = only(workload('get,patch'), history, references, settling, services, drivers);

/** A look at a workload and its pods. */
const look = [...workload('get'), ...pods];

const pause = only(needs('get,patch', 'deployments.apps', 'Deployment'));

/** What each kind of this adapter uses in a cluster. `doctor`, the roles of `deploy/` and docs/kubernetes.md say what stands here. */
export const kubernetesRights: RightsTable = {
  'kubernetes.deployment': only(workload('get'), history, references, following, wants('create', 'secrets'), images),
  'kubernetes.rollout-undo': only(
    [...template.rights],
    consumers,
    wants('create,patch,delete', 'configmaps'),
    wants('create,patch,delete', 'secrets'),
    wants('list', 'resourcequotas'),
    images,
  ),
  'kubernetes.rollout-restart': template,
  'kubernetes.rollout-pause': pause,
  'kubernetes.rollout-resume': pause,
  'kubernetes.set-image': template,
  'kubernetes.set-env': template,
  'kubernetes.scale': only(
    needs('get', 'deployments.apps', 'Deployment'),
    needs('patch', 'deployments.apps/scale', 'Deployment'),
    needs('get', 'statefulsets.apps', 'StatefulSet'),
    needs('patch', 'statefulsets.apps/scale', 'StatefulSet'),
    wants('list', 'deployments.apps', 'Deployment'),
    wants('list', 'statefulsets.apps', 'StatefulSet'),
    pods,
    needs('list', 'horizontalpodautoscalers.autoscaling'),
    wants('patch', 'horizontalpodautoscalers.autoscaling'),
  ),
  'kubernetes.delete-pods': only(
    look,
    needs('get', 'pods'),
    needs('create', 'pods/eviction'),
    wants('delete', 'pods', 'StatefulSet'),
  ),
  'kubernetes.configmap': only(needs('get,patch', 'configmaps'), consumers, wants('get,create', 'secrets')),
  'kubernetes.secret': only(needs('get,create,patch', 'secrets'), consumers),
  'kubernetes.apply': {
    rights: [...wants('get,create', 'secrets'), ...wants('list', 'pods,replicasets.apps,controllerrevisions.apps')],
    besides: 'get, create and patch on the kinds of object that the folder holds',
  },
  'kubernetes.service-selector': only(
    needs('get,patch', 'services'),
    needs('list', 'pods'),
    needs('list', 'endpointslices.discovery.k8s.io'),
  ),
  'kubernetes.argo-rollouts': only(
    needs('get,patch', 'rollouts.argoproj.io'),
    needs('patch', 'rollouts.argoproj.io/status'),
    needs('list', 'replicasets.apps,pods'),
    references,
    wants('get,patch', 'deployments.apps'),
    wants('get', 'pods/log'),
  ),
  'kubernetes.traffic-weight': {
    rights: [
      ...wants('get,list', 'rollouts.argoproj.io,canaries.flagger.app'),
      ...wants('patch', 'rollouts.argoproj.io/status,canaries.flagger.app/status'),
      ...wants('get', 'deployments.apps,daemonsets.apps'),
      ...wants('list', 'replicasets.apps'),
      ...wants('get,patch', 'httproutes.gateway.networking.k8s.io'),
      ...wants('get,list,patch', 'ingresses.networking.k8s.io'),
      ...wants('list', 'endpointslices.discovery.k8s.io'),
    ],
    besides: 'of what stands beside, what is about the kind of object that splits the traffic',
  },
  'kubernetes.rollout': only(workload('get'), history),
  'kubernetes.pods': only(look),
  'kubernetes.image': only(look),
  'kubernetes.endpoints': only(
    needs('get', 'services'),
    needs('list', 'endpointslices.discovery.k8s.io'),
    needs('list', 'pods'),
  ),
  'kubernetes.env': only(look, wants('get', 'configmaps,secrets'), wants('get,create', 'pods/exec')),
  'kubernetes.exec': only(look, needs('get,create', 'pods/exec')),
  'kubernetes.logs-errors': only(look, needs('get', 'pods/log')),
  'kubernetes.metrics-text': only(look, needs('get', 'pods/proxy')),
  'kubernetes.top': only(
    look,
    needs('list', 'pods.metrics.k8s.io'),
    rights('wants', 'get', 'nodes,nodes.metrics.k8s.io', null, true),
  ),
  'kubernetes.events': only(look, needs('list', 'events')),
  'kubernetes.http': {
    rights: [...needs('get', 'services/proxy'), ...wants('get', 'services')],
    besides: 'create on services/proxy for requests by POST',
  },
};
