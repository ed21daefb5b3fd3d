import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { peopleAndRules } from '../../src/config/init.ts';
import { type KindRight, rightName, rulesOf } from '../../src/domain/cluster-rights.ts';
import { clusterRights, clusterUses, lookingRights } from '../../src/main/cluster-rights.ts';
import { catalogueTables } from '../../src/main/tables.ts';

const kinds = [...catalogueTables.executors, ...catalogueTables.checks, ...catalogueTables.releaseSources].map(
  ({ kind }) => kind,
);

describe('the table of rights', () => {
  it('has a row for every kind that acts on a cluster', () => {
    const ofClusters = kinds.filter(kind => /^(kubernetes|helm)\./.test(kind));
    expect(ofClusters.filter(kind => !clusterRights[kind])).toEqual([]);
    expect(Object.keys(clusterRights).filter(kind => !/^(kubernetes|helm)\./.test(kind))).toEqual([]);
  });

  it('grants nothing by a wildcard, and no way to more rights', () => {
    const all = Object.values(clusterRights).flatMap(({ rights }) => rights);
    expect(all.filter(({ group, resource, verb }) => [group, resource, verb].includes('*'))).toEqual([]);
    expect(
      all.filter(({ group, verb }) => group.startsWith('rbac') || ['bind', 'escalate', 'impersonate'].includes(verb)),
    ).toEqual([]);
    expect(all.filter(({ verb, wide }) => wide && verb !== 'get' && verb !== 'list')).toEqual([]);
  });

  it('knows what only looks', () => {
    const looking = lookingRights();
    expect(new Set(looking.map(({ verb }) => verb))).toEqual(new Set(['get', 'list', 'watch']));
    expect(looking.map(rightName)).not.toContain('get secrets');
    expect(looking.map(rightName)).not.toContain('list nodes');
    expect(looking.map(rightName)).toEqual(expect.arrayContaining(['get statefulsets.apps', 'list daemonsets.apps']));
  });
});

it.each([
  ['nothing', [], []],
  [
    'verbs of one resource, looking first',
    ['patch deployments.apps', 'get deployments.apps', 'get deployments.apps'],
    [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] }],
  ],
  [
    'resources of one group that need the same',
    ['get secrets', 'get pods/log', 'get configmaps', 'list pods', 'list events'],
    [
      { apiGroups: [''], resources: ['configmaps', 'pods/log', 'secrets'], verbs: ['get'] },
      { apiGroups: [''], resources: ['events', 'pods'], verbs: ['list'] },
    ],
  ],
] as const)('rules join %s', (_what, names, rules) => {
  const rights = names.map(name => {
    const [verb = '', full = ''] = name.split(' ');
    const [resource = '', ...group] = full.split('.');
    return { verb, resource, group: group.join('.') };
  });
  expect(rulesOf(rights)).toEqual(rules);
});

const catalogue = `${peopleAndRules({ account: 'mara', slackUser: null, channel: null })}
services:
  shop:
    environments:
      production:
        target: { kubernetes: { namespace: shop, statefulSet: db, kubeconfig: /etc/kubeconfig } }
        releases: { source: { kubernetes.deployment: {} } }
        runbooks:
          back:
            level: 3
            title: Back
            steps:
              - kubernetes.rollout-undo: {}
              - kubernetes.service-selector: { service: shop, selector: { colour: blue } }
              - kubernetes.scale: { workloads: [{ deployment: a }, { statefulSet: b }], replicas: 1, owner: anyway }
              - kubernetes.rollout-restart: { selector: { tier: web } }
            checks:
              - kubernetes.top: { pods: { memory: 1Gi } }
              - http: { url: 'http://127.0.0.1/' }
`;

describe('what a catalogue uses in clusters', () => {
  const uses = () => {
    const read = readCatalogue(catalogueTables, catalogue, 'backout.yaml');
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return clusterUses(read.catalogue);
  };
  const names = (rights: readonly KindRight[] = []) => [...new Set(rights.map(rightName))];

  it('is each workload once, with all that its steps, checks and source need, and the namespace for the rest', () => {
    const found = uses();
    expect(found.map(({ workload }) => workload)).toEqual([
      { kind: 'StatefulSet', name: 'db' },
      null,
      { kind: 'Deployment', name: 'a' },
      { kind: 'StatefulSet', name: 'b' },
    ]);
    expect(found[0]?.where).toEqual({ namespace: 'shop', context: null, kubeconfig: '/etc/kubeconfig' });
    expect(names(found[0]?.rights)).toEqual(
      expect.arrayContaining(['patch statefulsets.apps', 'list controllerrevisions.apps', 'list pods.metrics.k8s.io']),
    );
    expect(names(found[0]?.rights)).not.toContain('patch deployments.apps');
    expect(names(found[0]?.rights)).not.toContain('get nodes');
    expect(names(found[0]?.rights)).toContain('list nodes');
    expect(names(found[1]?.rights)).toContain('patch services');
    expect(names(found[1]?.rights)).toEqual(expect.arrayContaining(['list daemonsets.apps', 'patch daemonsets.apps']));
    expect(names(found[2]?.rights)).not.toContain('list daemonsets.apps');
    expect(names(found[2]?.rights)).toContain('patch deployments.apps/scale');
  });

  it('tells which workloads steps change, what they chose about owners, and whether they need a history', () => {
    const steps = uses().map(use => use.steps.map(({ owner, byHistory }) => [owner, byHistory]));
    expect(steps).toEqual([[['refuse', true]], [], [['anyway', false]], [['anyway', false]]]);
  });

  it('is nothing where there is no catalogue', () => {
    expect(clusterUses(null)).toEqual([]);
  });
});
