import type { ClusterRight, KindRight, RightsTable } from '../../domain/cluster-rights.ts';

function rights(essential: boolean, group: string, verbs: readonly string[], ...resources: string[]): KindRight[] {
  const all = resources.flatMap(resource => verbs.map((verb): ClusterRight => ({ group, resource, verb })));
  return all.map(right => ({ ...right, essential, only: null, wide: false }));
}

/** How far a release has come, told by the pods of what it made last. */
const following = [
  ...rights(false, 'apps', ['get'], 'deployments', 'statefulsets', 'daemonsets'),
  ...rights(false, '', ['list'], 'pods'),
  ...rights(false, 'apps', ['list'], 'replicasets', 'controllerrevisions'),
];

/** What each kind of this adapter uses in a cluster; helm keeps its books in Secrets. */
export const helmRights: RightsTable = {
  'helm.release': { rights: [...rights(true, '', ['get', 'list'], 'secrets'), ...following], besides: null },
  'helm.rollback': {
    rights: [...rights(true, '', ['get', 'list', 'create', 'update', 'patch', 'delete'], 'secrets'), ...following],
    besides:
      'get, list, watch, create, update, patch and delete on the kinds of object that the chart holds, its hooks included: helm itself acts with these rights',
  },
};
