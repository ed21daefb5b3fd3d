import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { useCluster } from '../../cluster/suite.ts';
import { contexts, openPlace, type Place, pick, statedRules } from './targets.ts';
import { startWholeBackout, type WholeBackout } from './whole-backout.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, rolledOut, setImage } from './workloads.ts';

const cluster = useCluster();
const names = ['api', 'web', 'worker'];
let place: Place;
let backout: WholeBackout;

const service = (namespace: string) => `  shop:
    environments:
      production:
        mode: act
        releases: { source: { kubernetes.deployment: {} } }
        target: { kubernetes: { namespace: ${namespace}, deployment: api } }
        checks: [{ kubernetes.rollout: {}, timeout: 60s }]
        runbooks:
          all:
            level: 3
            title: All Deployments of the last good release
            steps:
              - kubernetes.rollout-undo:
                  graceSeconds: 5
                  workloads: [{ deployment: api }, { deployment: web }, { deployment: worker }]
`;

beforeAll(async () => {
  const { api } = cluster;
  place = await openPlace(
    cluster,
    statedRules('kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.rollout'),
  );
  const { namespace } = place;
  const shape = { replicas: 0, probe: false, labels: { tier: 'shop' } };
  await Promise.all(names.map(name => makeDeployment(api, namespace, name, shape)));
  await Promise.all(names.map(name => atRevision(api, namespace, name, 1)));
  await Promise.all(names.map(name => setImage(api, namespace, name, 'app:1.1.0')));
  await Promise.all(names.map(name => patchDeployment(api, namespace, name, { spec: { replicas: 1 } })));
  await Promise.all(names.map(name => rolledOut(api, namespace, name)));
}, 120_000);
afterAll(() => place?.close(), 30_000);

const images = () => Promise.all(names.map(name => imageOf(cluster.api, place.namespace, name)));

async function planned(kind: string, input: JsonObject) {
  const entry = kubernetesExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  const executor = await place.executor(kind);
  const releases = await place.look({ namespace: place.namespace, deployment: 'api' });
  const context = { ...contexts().plan(pick(releases, '1.0.0')), from: pick(releases, '1.1.0') };
  return executor.plan(context, entry.input.parse({ namespace: place.namespace, ...input }));
}

describe('a step that names several workloads', { timeout: 120_000 }, () => {
  it.each([
    ['kubernetes.rollout-undo', {}],
    ['kubernetes.rollout-restart', {}],
    ['kubernetes.set-image', { images: 'release' }],
    ['kubernetes.set-image', { images: { app: 'app:1.2.0' } }],
    ['kubernetes.set-env', { set: { FEATURE: 'off' } }],
  ])('%s %j by a selector plans one operation each, beside each other', async (kind, input) => {
    const plan = await planned(kind, { ...input, selector: { tier: 'shop' } });
    const objects = names.map(name => [`deployment ${place.namespace}/${name}`, 0]);
    expect(plan.operations.map(({ object, group }) => [object, group])).toEqual(objects);
  });

  it('says so where nothing has the labels, and refuses a workload whose history lacks the version', async () => {
    const none = planned('kubernetes.rollout-undo', { selector: { tier: 'none' } });
    await expect(none).rejects.toMatchObject({ reason: { code: 'plan-failed', facts: { why: 'none-with-labels' } } });
    await makeDeployment(cluster.api, place.namespace, 'young', { replicas: 0, image: 'app:1.1.0' });
    const young = planned('kubernetes.rollout-undo', { workloads: [{ deployment: 'api' }, { deployment: 'young' }] });
    await expect(young).rejects.toMatchObject({ reason: { code: 'release-not-eligible' } });
  });

  it('takes three Deployments back with one run', async () => {
    backout = await startWholeBackout(cluster, service(place.namespace), place.kubeconfig);
    try {
      await backout.told('candidates shop', /1\.0\.0/);
      const { root } = await backout.roll('shop in production to 1.0.0 because payments fail');
      expect(root.text).toMatch(/VERIFIED/);
      expect(await images()).toEqual(['app:1.0.0', 'app:1.0.0', 'app:1.0.0']);
    } finally {
      await backout.close();
    }
  });
});
