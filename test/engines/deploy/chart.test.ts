import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderManifests } from '../../../deploy/render.ts';
import { rulesOf, type WorkloadKindName } from '../../../src/domain/cluster-rights.ts';
import { clusterRights } from '../../../src/main/cluster-rights.ts';
import { find, helmOf, type Made, template } from './template.ts';

const root = join(import.meta.dirname, '../../..');
const podOf = (objects: readonly Made[], name: string) => find(objects, 'Deployment', name).spec?.template?.spec;

it('the plain manifests are what the chart makes (else: node deploy/render.ts HELM)', () => {
  for (const [file, text] of Object.entries(renderManifests(helmOf('helm4')))) {
    expect(readFileSync(join(root, file), 'utf8'), file).toBe(text);
  }
});

describe('the roles of the chart are the table of rights', () => {
  const granted = (targets: readonly object[]) => {
    const { objects, said } = template({ targets });
    if (said) throw new Error(said);
    return objects;
  };

  it('for each kind alone', () => {
    const kinds = Object.keys(clusterRights);
    const objects = granted(kinds.map(kind => ({ namespace: kind.replaceAll('.', '-'), kinds: [kind] })));
    const roles = objects.filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual(
      kinds.map(kind => {
        const rights = clusterRights[kind]?.rights.filter(({ wide }) => !wide) ?? [];
        return [kind.replaceAll('.', '-'), rulesOf(rights)];
      }),
    );
    const wide = Object.values(clusterRights).flatMap(({ rights }) => rulesOf(rights.filter(right => right.wide)));
    const distinct = [...new Map(wide.map(rule => [JSON.stringify(rule), rule])).values()];
    expect(find(objects, 'ClusterRole').rules).toEqual(distinct);
  });

  it.each([['Deployment'], ['StatefulSet'], ['DaemonSet']] as const)('for a namespace with %ss alone', workload => {
    const kinds = ['kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.scale', 'kubernetes.rollout'];
    const only = (kind: WorkloadKindName | null) => kind === null || kind === workload;
    const rights = kinds.flatMap(kind => clusterRights[kind]?.rights ?? []).filter(right => only(right.only));
    const objects = granted([{ namespace: 'shop', workloads: [workload], kinds }]);
    expect(find(objects, 'Role').rules).toEqual(rulesOf(rights.filter(({ wide }) => !wide)));
    expect(find(objects, 'ClusterRole').rules).toEqual([{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]);
  });

  it('without what is left out, as far as nothing essential needs it, and with what is added', () => {
    const extraRules = [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create'] }];
    const kinds = ['kubernetes.rollout-undo', 'kubernetes.secret'];
    const objects = granted([{ namespace: 'shop', kinds, without: ['secrets', 'pods', 'nodes'], extraRules }]);
    const rights = kinds
      .flatMap(kind => clusterRights[kind]?.rights ?? [])
      .filter(
        ({ resource, essential }) => essential || !['secrets', 'pods', 'nodes'].includes(resource.split('/')[0] ?? ''),
      );
    expect(find(objects, 'Role').rules).toEqual([...rulesOf(rights), ...extraRules]);
    expect(objects.filter(({ kind }) => kind === 'ClusterRole')).toEqual([]);
  });

  it('and none where no target is named; never for the bot', () => {
    const { objects } = template({});
    expect(objects.filter(({ kind }) => /Role/.test(String(kind)))).toEqual([]);
    const bound = granted([{ namespace: 'shop', kinds: ['kubernetes.pods', 'kubernetes.top'] }]).filter(
      ({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding',
    );
    expect(bound.map(({ subjects }) => subjects)).toEqual(
      bound.map(() => [{ kind: 'ServiceAccount', name: 'backout-worker', namespace: 'backout' }]),
    );
  });
});

describe('the pods of the chart', () => {
  const { objects } = template({});

  it.each([['backout-bot'], ['backout-worker']])('%s: not root, nothing to write but two empty folders', name => {
    const pod = podOf(objects, name);
    expect(pod?.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    for (const container of pod?.containers ?? []) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
    const writable = pod?.volumes.filter(volume => volume.emptyDir).map(volume => volume.name);
    expect(writable).toEqual(['state', 'tmp']);
  });

  it('give the bot no token, and the worker one', () => {
    const automounts = ['backout-bot', 'backout-worker'].map(
      name => podOf(objects, name)?.automountServiceAccountToken,
    );
    expect(automounts).toEqual([false, true]);
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts.map(account => account.automountServiceAccountToken)).toEqual([false, false]);
  });

  it('start anew with another catalogue', () => {
    const hashOf = (catalogue: string) =>
      find(template({ catalogue }).objects, 'Deployment', 'backout-bot').spec?.template?.metadata?.annotations;
    expect(hashOf('a: 1\n')).not.toEqual(hashOf('a: 2\n'));
    const text = 'people: {}\n# said\nservices:\n  shop: {}\n';
    expect(find(template({ catalogue: text }).objects, 'ConfigMap').data).toEqual({ 'backout.yaml': text });
  });
});

describe('the rest of the chart', () => {
  it('lets the cluster reach the bot, nobody the worker, and both only what is named', () => {
    const egress = [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }];
    const { objects } = template({ networkPolicy: { egress, from: [{ namespaceSelector: {} }] } });
    expect(find(objects, 'NetworkPolicy', 'backout-worker').spec).toMatchObject({ ingress: [] });
    const bot = find(objects, 'NetworkPolicy', 'backout-bot').spec;
    expect(bot).toMatchObject({ ingress: [{ ports: [{ port: 'http' }], from: [{ namespaceSelector: {} }] }] });
    expect(bot).toMatchObject({ egress: [{ ports: [{ port: 53 }, { port: 53 }] }, ...egress] });
    expect(find(template({}).objects, 'NetworkPolicy', 'backout-bot').spec).toMatchObject({ egress: [{}] });
  });

  it.each([
    ['auto', [], 0],
    ['auto', ['--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor'], 1],
    [true, [], 1],
    [false, ['--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor'], 0],
  ] as const)('makes a ServiceMonitor where the cluster knows it: %s %s', (enabled, flags, count) => {
    const { objects } = template({ serviceMonitor: { enabled } }, { flags });
    expect(objects.filter(({ kind }) => kind === 'ServiceMonitor')).toHaveLength(count);
  });

  it.each([
    [
      'a kind that does not exist',
      { targets: [{ namespace: 'a', kinds: ['kubernetes.rolback'] }] },
      /rolback is no kind/,
    ],
    ['a namespace twice', { targets: [{ namespace: 'a' }, { namespace: 'a' }] }, /namespace a stands there twice/],
    ['a target without a namespace', { targets: [{ kinds: [] }] }, /needs a namespace/],
    ['no Redis', { redis: { url: '' } }, /redis.url or redis.existingSecret is needed/],
    ['no catalogue', { catalogue: '' }, /catalogue or existingCatalogue is needed/],
  ] as const)('refuses %s', (_what, values, says) => {
    expect(template(values).said).toMatch(says);
  });

  it('is the same for Helm 3 and 4', () => {
    const values = { targets: [{ namespace: 'shop', kinds: ['kubernetes.rollout-undo'] }] };
    expect(template(values, { helm: helmOf('helm3') })).toEqual(template(values));
  });
});
