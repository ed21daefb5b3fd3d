import { eventually, useCluster } from '../../cluster/suite.ts';
import {
  atNumber,
  deployTo,
  historyOf,
  type Kind,
  kindRules,
  makeWorkload,
  patchWorkload,
  readWorkload,
  rolledOutAs,
} from '../../engines/kubernetes/kinds.ts';
import { nowhere } from '../../engines/kubernetes/shops.ts';
import { openPlace, pick } from '../../engines/kubernetes/targets.ts';
import { podsOf } from '../../engines/kubernetes/workloads.ts';
import { type Row, rowsOf, siblingRows, whilePodsChange } from './rows.ts';
import { crashSuites, type Subject, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const nameOf = (lane: number) => `shop-${lane}`;

/** A workload at its second release, with pods or without; of the first one no pod was started where the kind allows it. */
async function twoReleases(kind: Kind, namespace: string, name: string, bad: string, pods: boolean): Promise<void> {
  const { api } = cluster;
  const podSpec = pods ? {} : nowhere;
  const env = (mode: string) => [{ name: 'MODE', value: mode }];
  const shape = { image: 'app:1.0.0', replicas: 0, probe: bad === 'app:sick', env: env('one'), podSpec };
  await makeWorkload(api, kind, namespace, name, shape);
  await atNumber(api, kind, namespace, name, 1);
  await deployTo(api, kind, namespace, name, { image: bad, env: env('two') });
  await atNumber(api, kind, namespace, name, 2);
  if (!pods) return;
  if (kind === 'statefulSet') await patchWorkload(api, kind, namespace, name, { spec: { replicas: 1 } });
  if (bad !== 'app:sick') await rolledOutAs(api, kind, namespace, name);
  else await eventually('its pod', async () => (await podsOf(api, namespace, name)).length === 1);
}

/** One workload for each row, some of them stuck on a pod that is never ready. */
async function open(kind: Kind, rows: readonly Row[], bad = 'app:1.1.0'): Promise<World> {
  const { api } = cluster;
  const place = await openPlace(cluster, kindRules);
  const { namespace, kubeconfig } = place;
  const all = rows.map((_, lane) => nameOf(lane));
  const hasPods = (lane: number) => bad === 'app:sick' || whilePodsChange(rows[lane]);
  await Promise.all(all.map((name, lane) => twoReleases(kind, namespace, name, bad, hasPods(lane))));
  const where = (lane: number) => ({ namespace, [kind]: nameOf(lane), kubeconfig });
  const releases = await Promise.all(all.map(async (_, lane) => pick(await place.look(where(lane)), '1.0.0').key));
  const before = await Promise.all(all.map(name => readWorkload(api, kind, namespace, name)));
  return {
    service: lane => ({
      ...runbooks(
        { 'kubernetes.rollout-undo': where(lane) },
        hasPods(lane) ? { 'kubernetes.rollout': where(lane) } : { command: { argv: ['true'] } },
      ),
      releases: { source: { 'kubernetes.deployment': where(lane) } },
    }),
    release: lane => releases[lane] ?? null,
    effects: async lane => {
      const name = nameOf(lane);
      const now = await readWorkload(api, kind, namespace, name);
      const [app] = now.spec?.template?.spec?.containers ?? [];
      const newest = (await historyOf(api, kind, namespace, name)).at(-1);
      const deleted = place.proxy.seen.filter(
        ({ method, path, body }) => method === 'DELETE' && path.includes(`/pods/${name}-`) && !body.includes('dryRun'),
      );
      return {
        generations: Number(now.metadata?.generation) - Number(before[lane]?.metadata?.generation),
        number: Number(newest?.revision),
        image: app?.image,
        mode: app?.env?.[0]?.value,
        deleted: deleted.length,
      };
    },
    close: place.close,
  };
}

const forth = { generations: 1, number: 3, image: 'app:1.0.0', mode: 'one', deleted: 0 };
const back = { generations: 2, number: 4, image: 'app:1.1.0', mode: 'two', deleted: 0 };

const rows = siblingRows();
const undo = (kind: Kind): Subject => ({
  rows,
  open: () => open(kind, rows),
  expected: ({ runbook }) => (runbook === 'forth' ? forth : back),
});
const recovered = rowsOf(2, [2]);

crashSuites({
  'kubernetes.rollout-undo of a statefulSet': undo('statefulSet'),
  'kubernetes.rollout-undo of a daemonSet': undo('daemonSet'),
  'kubernetes.rollout-undo of a StatefulSet that hangs, its pod deleted': {
    rows: recovered,
    open: () => open('statefulSet', recovered, 'app:sick'),
    expected: () => ({ ...forth, deleted: 1 }),
  },
});
