import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KindRight, rightName } from '../../../src/domain/cluster-rights.ts';
import { clusterRights } from '../../../src/main/cluster-rights.ts';
import { type Api, ApiError, openApi } from '../../cluster/api.ts';
import { kubeconfigText } from '../../cluster/settings.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, rolledOut, setImage } from '../kubernetes/workloads.ts';
import { type Installation, install, kinds } from './installation.ts';

const cluster = useCluster();
let target = '';
let installed: Installation;
let config: KubeConfig;

beforeAll(async () => {
  config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig);
  target = await cluster.namespace();
  await makeDeployment(cluster.api, target, 'shop', { replicas: 0, probe: false });
  await atRevision(cluster.api, target, 'shop', 1);
  await setImage(cluster.api, target, 'shop', 'app:1.1.0');
  await patchDeployment(cluster.api, target, 'shop', { spec: { replicas: 1 } });
  await rolledOut(cluster.api, target, 'shop');
  installed = await install(cluster, target, new URL(config.getCurrentCluster()?.server ?? ''));
}, 900_000);
afterAll(() => installed?.remove(), 90_000);

/** The API server as one of the two accounts sees it. */
async function as(part: 'bot' | 'worker'): Promise<Api> {
  const path = `/api/v1/namespaces/${installed.namespace}/serviceaccounts/backout-${part}/token`;
  const answer = await cluster.api('POST', path, { spec: { expirationSeconds: 3600 } });
  const pem = Buffer.from(config.getCurrentCluster()?.caData ?? '', 'base64');
  const server = config.getCurrentCluster()?.server ?? '';
  return openApi(kubeconfigText(server, { token: String(answer.status?.token) }, { pem }));
}

/** What the API server itself says an account may do in a namespace; what every account may do (ask about itself) aside. */
async function rightsOf(api: Api, namespace: string): Promise<string[]> {
  const review = await api('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace } });
  const rules = [...(review.status?.resourceRules ?? [])] as unknown as {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => ({ group, resource, verb })))),
  );
  return [...new Set(all.filter(({ group }) => !/^auth.*\.k8s\.io$/.test(group)).map(rightName))].sort();
}

const statusOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (failure: unknown) => (failure instanceof ApiError ? failure.status : 0),
  );

describe('the chart, installed with the image built here', { timeout: 120_000 }, () => {
  it('gives the worker the rights of the table, those in a namespace in that of its target alone, and the bot none', async () => {
    const stated = kinds
      .flatMap(kind => clusterRights[kind]?.rights ?? [])
      .filter(({ only }) => only === null || only === 'Deployment');
    const names = (rights: readonly KindRight[]) => [...new Set(rights.map(rightName))].sort();
    const [bot, worker] = [await as('bot'), await as('worker')];
    expect(await rightsOf(worker, target)).toEqual(names(stated));
    for (const namespace of [installed.namespace, 'default', 'kube-system']) {
      expect(await rightsOf(worker, namespace)).toEqual(names(stated.filter(({ wide }) => wide)));
      expect(await rightsOf(bot, namespace)).toEqual([]);
    }
    expect(await rightsOf(bot, target)).toEqual([]);
  });

  it('refuses the worker whatever goes beyond them, and the bot everything', async () => {
    const [bot, worker] = [await as('bot'), await as('worker')];
    const apps = `/apis/apps/v1/namespaces/${target}`;
    const core = `/api/v1/namespaces/${target}`;
    const pod = { metadata: { name: 'x' }, spec: { containers: [{ name: 'x', image: 'x' }] } };
    const beyond: readonly (readonly [string, string, unknown?])[] = [
      ['GET', `/apis/apps/v1/namespaces/${installed.namespace}/deployments`],
      ['GET', `/api/v1/namespaces/${installed.namespace}/secrets/slack`],
      ['GET', `${core}/secrets`],
      ['DELETE', '/api/v1/nodes/x'],
      ['GET', '/api/v1/namespaces'],
      ['POST', `${core}/pods`, pod],
      ['POST', `${core}/serviceaccounts/default/token`, { spec: {} }],
      ['DELETE', `${apps}/deployments/shop`],
      ['PUT', `${apps}/deployments/shop/scale`, {}],
      ['POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${target}/roles`, { metadata: { name: 'x' }, rules: [] }],
    ];
    for (const [method, path, body] of beyond) {
      expect([method, path, await statusOf(worker(method, path, body))]).toEqual([method, path, 403]);
      expect([method, path, await statusOf(bot(method, path, body))]).toEqual([method, path, 403]);
    }
    expect(await statusOf(worker('GET', `${apps}/deployments/shop`))).toBe(200);
    expect(await statusOf(bot('GET', `${apps}/deployments/shop`))).toBe(403);
  });

  it.each(['bot', 'worker'] as const)(
    'runs the %s as nobody in particular, on a file system it cannot write',
    async part => {
      const files = ['/opt/backout/x', '/etc/backout/x'];
      const token = '/var/run/secrets/kubernetes.io/serviceaccount/token';
      const said = await installed.exec(part, ['sh', '-c', `id -u; touch ${files.join(' ')}; ls ${token}`]);
      expect(said).toMatch(/^10001$/m);
      for (const file of files) expect(said).toContain(`touch: cannot touch '${file}': Read-only file system`);
      if (part === 'worker') expect(said).toMatch(new RegExp(`^${token}$`, 'm'));
      else expect(said).toContain(`'${token}': No such file or directory`);
    },
  );

  it('takes a Deployment back: asked for and approved in Slack, done by the worker, verified', async () => {
    const say = (text: string) => installed.slack(`command?text=${encodeURIComponent(text)}`);
    const shown = async (what: string, fits: RegExp) =>
      eventually(what, async () => fits.test(JSON.stringify(await installed.slack('messages'))), 40_000);
    await eventually(
      'the release before, seen by the worker',
      async () => /1\.0\.0/.test(JSON.stringify(await say('candidates shop in production'))),
      40_000,
    );
    await say('grade shop in production 1.0.0 good because it served well');
    await say('shop in production to 1.0.0 because payments fail');
    await shown('the approval card', /"run-approve"/);
    expect(await imageOf(cluster.api, target, 'shop')).toBe('app:1.1.0');
    await installed.slack('click?action=run-approve');
    await shown('the verified end', /VERIFIED/);
    expect(await imageOf(cluster.api, target, 'shop')).toBe('app:1.0.0');
    await rolledOut(cluster.api, target, 'shop');
    expect(await installed.logs('worker')).not.toMatch(/"level":(50|60)/);
    expect(await installed.logs('bot')).not.toMatch(/"level":(50|60)/);
  });
});
