import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { copiesIn, entryOf, makeKeyed, patchKeyed, readKeyed, writesSince } from './configuration.ts';
import {
  atNextWrite,
  carryOut,
  contexts,
  inverseOf,
  openPlace,
  type Place,
  refusalOf,
  statedRules,
} from './targets.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The rights that the documentation states for the steps on ConfigMaps and Secrets; pods are listed by the suite itself. */
const rules = [
  ...statedRules('kubernetes.configmap', 'kubernetes.secret'),
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
];

type Kind = 'configmap' | 'secret';

let shared: Place;
let made = 0;

beforeAll(async () => {
  shared = await openPlace(cluster, rules);
});

/** What both suites begin with; `KEEP` is touched by nobody. */
const begin = {
  configmap: {
    data: { FEATURE: 'on', PASSWORD: `${canary}-old`, OLD: 'away', KEEP: 'as it is', 'app.yaml': 'a: 1\nb: 2\n' },
    binaryData: { blob: base64('\u0000\u0001') },
  },
  secret: { data: { TOKEN: base64(`${canary}-old`), OLD: base64(`${canary}-older`), KEEP: base64('as it is') } },
} as const;

const stepOf = (kind: Kind, folder: string, name = 'settings'): JsonObject => {
  const secret = join(folder, 'value');
  writeFileSync(secret, `${canary}\n`, { mode: 0o600 });
  const set = { TOKEN: { file: secret } };
  if (kind === 'secret') return { secret: name, set: { ...set, NEW: { file: secret } }, remove: ['OLD'] };
  const plain = { FEATURE: 'off', blob: 'text now', 'app.yaml': 'a: 1\nb: 3\n' };
  return { configMap: name, set: { ...set, ...plain }, remove: ['OLD', 'PASSWORD'] };
};

const wanted = {
  configmap: {
    data: { FEATURE: 'off', TOKEN: canary, blob: 'text now', KEEP: 'as it is', 'app.yaml': 'a: 1\nb: 3\n' },
    binaryData: undefined,
  },
  secret: { data: { TOKEN: base64(canary), NEW: base64(canary), KEEP: base64('as it is') }, binaryData: undefined },
} as const;

async function openWorld(kind: Kind): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await shared.beside();
  const { namespace, proxy, folder } = place;
  made += 1;
  const name = `settings-${made}`;
  const { metadata } = await makeKeyed(api, namespace, kind, name, begin[kind]);
  const version = String(metadata?.resourceVersion);
  const input = { namespace, ...stepOf(kind, folder, name) };
  proxy.clear();
  return {
    load: () => place.executor(`kubernetes.${kind}`),
    input: entryOf(`kubernetes.${kind}`).input.parse(input),
    from: null,
    to: null,
    state: async () => {
      const { data, binaryData } = await readKeyed(api, namespace, kind, name);
      return { data, binaryData };
    },
    wanted: async () => wanted[kind],
    drift: async () => {
      const TOKEN = kind === 'secret' ? base64('of somebody else') : 'of somebody else';
      await patchKeyed(api, namespace, kind, name, { data: { TOKEN } });
    },
    effects: () => writesSince(api, `/api/v1/namespaces/${namespace}/${kind}s`, name, version),
    started: () => proxy.seen.length,
    close: place.close,
  };
}

const harness = (kind: Kind): ExecutorHarness => ({
  entry: entryOf(`kubernetes.${kind}`),
  open: () => openWorld(kind),
  hostile: (world, text) => [
    ...[kind === 'secret' ? 'secret' : 'configMap', 'namespace', 'context', 'kubeconfig'].map(field => ({
      ...world.input,
      [field]: text,
    })),
    { ...world.input, set: { KEY: { file: text } } },
    ...(text === 'all'
      ? []
      : [
          { ...world.input, set: { KEY: { env: text } } },
          { ...world.input, set: { [text]: { file: '/x' } } },
          { ...world.input, remove: [text] },
        ]),
  ],
  canary,
  reversible: true,
  refusesDrift: true,
  concurrent: true,
  killAfterMs: [0, 20],
  timeoutMs: 90_000,
});

executorContract('kubernetes.configmap', harness('configmap'));
executorContract('kubernetes.secret', harness('secret'));

describe('steps on ConfigMaps and Secrets', { timeout: 60_000 }, () => {
  const inPlace = async (work: (place: Place) => Promise<void>) => {
    const place = await openPlace(cluster, rules);
    try {
      await work(place);
    } finally {
      await place.close();
    }
  };
  const planOf = async ({ namespace, executor }: Place, kind: Kind, input: JsonObject): Promise<StepPlan> => {
    const read = entryOf(`kubernetes.${kind}`).input.parse({ namespace, ...input });
    return (await executor(`kubernetes.${kind}`)).plan(contexts().plan(null), read);
  };

  it('keep the old values of a Secret as an immutable copy beside it, found by its label, and take them from there', () =>
    inPlace(async place => {
      const { namespace, folder } = place;
      const { api } = cluster;
      await makeKeyed(api, namespace, 'secret', 'settings', begin.secret);
      const plan = await planOf(place, 'secret', stepOf('secret', folder));
      expect(await copiesIn(api, namespace)).toEqual([]);
      const executor = await place.executor('kubernetes.secret');
      expect((await carryOut(executor, plan.operations)).state).toBe('settled');
      const [copy, ...others] = await copiesIn(api, namespace);
      expect(others).toEqual([]);
      expect(copy?.immutable).toBe(true);
      expect(copy?.data).toEqual({ TOKEN: begin.secret.data.TOKEN, OLD: begin.secret.data.OLD });
      const inverse = inverseOf(plan);
      expect(inverse.body.copy).toBe(copy?.metadata?.name);
      await api('DELETE', `/api/v1/namespaces/${namespace}/secrets/${copy?.metadata?.name}`);
      const back = executor.apply(contexts().apply, inverse);
      expect((await refusalOf(back)).code).toBe('cannot-revert');
      expect((await readKeyed(api, namespace, 'secret', 'settings')).data).toEqual(wanted.secret.data);
    }));

  it('keep old values of a ConfigMap in the plan, but what looks secret or is long in the cluster', () =>
    inPlace(async place => {
      const { namespace } = place;
      const { api } = cluster;
      const data = { FEATURE: 'on', LONG: 'x'.repeat(40_000), URL: `https://jon:${canary}@db/` };
      await makeKeyed(api, namespace, 'configmap', 'settings', { data });
      const kept = async (key: string) => {
        const plan = await planOf(place, 'configmap', { configMap: 'settings', set: { [key]: 'off' } });
        const { old, copy } = plan.operations[0]?.inverse?.body ?? {};
        expect(JSON.stringify(plan)).not.toContain(canary);
        return { old, copied: copy !== null };
      };
      expect(await kept('FEATURE')).toEqual({ old: { FEATURE: { in: 'data', value: 'on' } }, copied: false });
      expect(await kept('LONG')).toEqual({ old: null, copied: true });
      expect(await kept('URL')).toEqual({ old: null, copied: true });
    }));

  it('refuse, in plain words, what is immutable, owned by others or not there', () =>
    inPlace(async place => {
      const { namespace } = place;
      const { api } = cluster;
      await makeKeyed(api, namespace, 'configmap', 'fixed', { data: { A: '1' }, immutable: true });
      const labels = { 'argocd.argoproj.io/instance': 'shop' };
      await makeKeyed(api, namespace, 'configmap', 'owned', { data: { A: '1' } }, labels);
      const refused = (configMap: string) => refusalOf(planOf(place, 'configmap', { configMap, set: { A: '2' } }));
      expect(await refused('fixed')).toMatchObject({
        code: 'plan-failed',
        facts: { why: 'fixed' },
      });
      expect(await refused('owned')).toMatchObject({ code: 'owned-by-other', facts: { owner: ['Argo CD'] } });
      expect(await refused('away')).toMatchObject({ code: 'plan-failed', facts: { why: 'gone' } });
      const same = await planOf(place, 'configmap', { configMap: 'fixed', set: { A: '1' }, remove: ['B'] });
      expect(same.operations).toEqual([]);
    }));

  it('refuse a value that is another one than when planned, and a reference that holds nothing', () =>
    inPlace(async place => {
      const { namespace, folder } = place;
      await makeKeyed(cluster.api, namespace, 'secret', 'settings', begin.secret);
      const plan = await planOf(place, 'secret', stepOf('secret', folder));
      writeFileSync(join(folder, 'value'), 'rotated meanwhile');
      const executor = await place.executor('kubernetes.secret');
      const refused = await refusalOf(carryOut(executor, plan.operations));
      expect(refused).toMatchObject({ code: 'target-changed', facts: { keys: ['NEW', 'TOKEN'] } });
      const missing = planOf(place, 'secret', { secret: 'settings', set: { A: { file: join(folder, 'away') } } });
      expect((await refusalOf(missing)).code).toBe('secret-missing');
      expect(await copiesIn(cluster.api, namespace)).toEqual([]);
    }));

  it('leave what others change meanwhile in other keys, and refuse where the same key moved (trap 6)', () =>
    inPlace(async place => {
      const { namespace } = place;
      const { api } = cluster;
      await makeKeyed(api, namespace, 'configmap', 'settings', begin.configmap);
      const plan = await planOf(place, 'configmap', { configMap: 'settings', set: { FEATURE: 'off' } });
      const executor = await place.executor('kubernetes.configmap');
      const onPatch = (data: object) =>
        place.proxy.before(async ({ method }) => {
          if (method !== 'PATCH') return;
          place.proxy.before(undefined);
          await patchKeyed(api, namespace, 'configmap', 'settings', { data });
        });
      onPatch({ KEEP: 'moved' });
      await carryOut(executor, plan.operations);
      expect((await readKeyed(api, namespace, 'configmap', 'settings')).data).toMatchObject({
        FEATURE: 'off',
        KEEP: 'moved',
      });
      await patchKeyed(api, namespace, 'configmap', 'settings', { data: { FEATURE: 'on' } });
      onPatch({ FEATURE: 'of another operator' });
      expect((await refusalOf(carryOut(executor, plan.operations))).code).toBe('target-changed');
    }));

  it('are looked at anew where others changed them there and back since a worker, held up, had read them', () =>
    inPlace(async place => {
      const { namespace } = place;
      const { api } = cluster;
      await makeKeyed(api, namespace, 'configmap', 'settings', begin.configmap);
      const { operations } = await planOf(place, 'configmap', { configMap: 'settings', set: { FEATURE: 'off' } });
      const writes = atNextWrite(place.proxy, async () => {
        for (const FEATURE of ['off', 'on'])
          await patchKeyed(api, namespace, 'configmap', 'settings', { data: { FEATURE } });
      });
      await carryOut(await place.executor('kubernetes.configmap'), operations);
      expect(writes()).toBe(2);
    }));

  it('say who reads it, and who needs a restart for that (trap 14)', () =>
    inPlace(async place => {
      const { namespace } = place;
      const { api } = cluster;
      await makeKeyed(api, namespace, 'configmap', 'settings', begin.configmap);
      const deploy = (name: string, spec: object, container: object) =>
        api('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
          metadata: { name },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: name } },
            template: {
              metadata: { labels: { app: name } },
              spec: { ...spec, containers: [{ name: 'app', image: 'app:1.0.0', ...container }] },
            },
          },
        });
      const volumes = [{ name: 'v', configMap: { name: 'settings' } }];
      await deploy('by-env', {}, { envFrom: [{ configMapRef: { name: 'settings' } }] });
      await deploy('by-file', { volumes }, { volumeMounts: [{ name: 'v', mountPath: '/etc/app' }] });
      await deploy('by-sub', { volumes }, { volumeMounts: [{ name: 'v', mountPath: '/etc/a', subPath: 'a' }] });
      await deploy('other', {}, { envFrom: [{ secretRef: { name: 'settings' } }] });
      const plan = await planOf(place, 'configmap', { configMap: 'settings', set: { FEATURE: 'off' } });
      const named = Object.fromEntries(plan.blastRadius.map(({ code, facts }) => [code, facts?.names]));
      const fixed = ['deployment by-env', 'deployment by-sub'];
      expect(named).toEqual({ 'read-at-start': fixed, 'read-as-file': ['deployment by-file'] });
      expect(plan.warnings).toMatchObject([{ code: 'restart-needed', facts: { names: fixed } }]);
      expect(plan.operations[0]?.preview.diff).toContain('-FEATURE: on\n+FEATURE: off');
    }));

  it('ask for the right to write before anybody is asked', () =>
    inPlace(async ({ namespace }) => {
      const reader = await openPlace(cluster, [
        { apiGroups: [''], resources: ['configmaps', 'pods'], verbs: ['get', 'list'] },
      ]);
      try {
        await makeKeyed(cluster.api, reader.namespace, 'configmap', 'settings', begin.configmap);
        const refused = await refusalOf(
          planOf(reader, 'configmap', { configMap: 'settings', set: { FEATURE: 'off' } }),
        );
        expect(refused).toMatchObject({ code: 'permission-missing', facts: { verb: 'patch', resource: 'configmaps' } });
        expect(namespace).not.toBe(reader.namespace);
      } finally {
        await reader.close();
      }
    }));
});
