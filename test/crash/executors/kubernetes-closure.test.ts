import { useCluster } from '../../cluster/suite.ts';
import { closureRules, nextSecond } from '../../engines/kubernetes/configuration-world.ts';
import { openPlace, pick } from '../../engines/kubernetes/targets.ts';
import { makeDeployment, readDeployment, rolledOut, setImage } from '../../engines/kubernetes/workloads.ts';
import { rowsOf, siblingRows } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const merge = 'application/merge-patch+json';

/** One Deployment for each lane whose second release changed image, ConfigMap and Secret; the first one was seen while it ran. */
async function open(lanes: number): Promise<World> {
  const { api } = cluster;
  const place = await openPlace(cluster, closureRules);
  const { namespace } = place;
  const core = `/api/v1/namespaces/${namespace}`;
  const all = Array.from({ length: lanes }, (_, lane) => lane);
  const where = (lane: number) => ({ namespace, deployment: `shop-${lane}` });
  const names = (lane: number) => ({ flags: `flags-${lane}`, login: `login-${lane}` });
  await Promise.all(
    all.map(async lane => {
      const { flags, login } = names(lane);
      await api('POST', `${core}/configmaps`, { metadata: { name: flags }, data: { mode: 'one' } });
      await api('POST', `${core}/secrets`, { metadata: { name: login }, stringData: { password: 'one' } });
      const env = [
        { name: 'MODE', valueFrom: { configMapKeyRef: { name: flags, key: 'mode' } } },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: login, key: 'password' } } },
      ];
      await makeDeployment(api, namespace, `shop-${lane}`, { replicas: 1, probe: false, env });
      await rolledOut(api, namespace, `shop-${lane}`, 120_000);
    }),
  );
  await nextSecond();
  for (const lane of all) await place.look(where(lane));
  await Promise.all(
    all.map(async lane => {
      const { flags, login } = names(lane);
      await api('PATCH', `${core}/configmaps/${flags}`, { data: { mode: 'two' } }, merge);
      await api('PATCH', `${core}/secrets/${login}`, { stringData: { password: 'two' } }, merge);
      await setImage(api, namespace, `shop-${lane}`, 'app:1.1.0');
      await rolledOut(api, namespace, `shop-${lane}`, 120_000);
    }),
  );
  const releases = await Promise.all(all.map(async lane => pick(await place.look(where(lane)), '1.0.0').key));
  const before = await Promise.all(all.map(lane => readDeployment(api, namespace, `shop-${lane}`)));
  const writesOf = (object: string) =>
    place.proxy.seen.filter(
      ({ method, path }) => method === 'PATCH' && path.includes(`/${object}?`) && !path.includes('dryRun'),
    ).length;
  return {
    env: { KUBECONFIG: place.kubeconfig },
    prepare: async kept => {
      for (const [name, text] of place.kept.texts) await kept.keep(name, text);
    },
    service: lane => ({
      ...runbooks({ 'kubernetes.rollout-undo': where(lane) }, { 'kubernetes.rollout': where(lane) }),
      releases: { source: { 'kubernetes.deployment': where(lane) } },
    }),
    release: lane => releases[lane] ?? null,
    effects: async lane => {
      const { flags, login } = names(lane);
      const now = await readDeployment(api, namespace, `shop-${lane}`);
      const password = String((await api('GET', `${core}/secrets/${login}`)).data?.password);
      return {
        generations: Number(now.metadata?.generation) - Number(before[lane]?.metadata?.generation),
        image: now.spec?.template?.spec?.containers?.[0]?.image,
        mode: (await api('GET', `${core}/configmaps/${flags}`)).data?.mode,
        password: Buffer.from(password, 'base64').toString(),
        writes: [writesOf(flags), writesOf(login)],
      };
    },
    close: place.close,
  };
}

crashSuite('kubernetes.rollout-undo with its ConfigMap and Secret', {
  rows: [...rowsOf(3, [1, 3]), ...siblingRows().filter(({ runbook }) => runbook === 'back')],
  open,
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? { generations: 1, image: 'app:1.0.0', mode: 'one', password: 'one', writes: [1, 1] }
      : { generations: 2, image: 'app:1.1.0', mode: 'two', password: 'two', writes: [2, 2] },
});
