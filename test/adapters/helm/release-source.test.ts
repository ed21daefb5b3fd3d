import { describe, expect, it } from 'vitest';
import { pack } from '../../../src/adapters/helm/payload.ts';
import { createReleaseSource } from '../../../src/adapters/helm/release-source.ts';
import type { ObservedReleases } from '../../../src/domain/release.ts';
import { releaseText } from './books.ts';

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet';
type Body = Readonly<Record<string, unknown>>;

const madeAt = '2026-03-01T10:00:00Z';
const plurals = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' };
const templateOf = (image: string, labels: object = { app: 'shop' }) => ({
  metadata: { labels, creationTimestamp: null },
  spec: { containers: [{ name: 'app', image }] },
});
const ownedBy = (uid: string) => [{ uid, controller: true }];

/** The revision in the books that holds one workload and was made at `madeAt`. */
function revision(version: number, kind: Kind, status: string): Body {
  const manifest = `apiVersion: apps/v1\nkind: ${kind}\nmetadata:\n  name: shop\n`;
  const text = releaseText({ version, status, manifest, config: `{"v":${version}}` });
  const release = pack(text.replace(/"last_deployed":"[^"]*"/, `"last_deployed":"${madeAt}"`));
  const name = `sh.helm.release.v1.shop.v${version}`;
  return { metadata: { name, uid: name, resourceVersion: status }, data: { release } };
}

/** A pod that crashes in a loop, or runs. */
function pod(name: string, owner: string, crashes: boolean, more: { mark?: string; ending?: boolean } = {}): Body {
  const state = crashes ? { waiting: { reason: 'CrashLoopBackOff' } } : { running: {} };
  const { mark, ending } = more;
  return {
    metadata: {
      name,
      uid: name,
      labels: { app: 'shop', ...(mark ? { 'controller-revision-hash': mark } : {}) },
      ownerReferences: ownedBy(owner),
      ...(ending ? { deletionTimestamp: madeAt } : {}),
    },
    status: { containerStatuses: [{ restartCount: crashes ? 5 : 0, state }] },
  };
}

interface Shown {
  readonly kind?: Kind;
  readonly status?: string;
  readonly spec?: Body;
  readonly state?: Body;
  readonly pods: readonly Body[];
}

/** What the source says of a release whose second revision is the newest, while a cluster shows this. */
async function look({ kind = 'Deployment', status = 'deployed', spec, state, pods }: Shown): Promise<ObservedReleases> {
  const books = [revision(1, kind, 'superseded'), revision(2, kind, status)];
  const workload = {
    metadata: { name: 'shop', uid: 'shop', generation: 4 },
    spec: { replicas: 1, selector: { matchLabels: { app: 'shop' } }, template: templateOf('app:good'), ...spec },
    status: { observedGeneration: 4, replicas: 2, updatedReplicas: 1, updateRevision: 'shop-good', ...state },
  };
  const set = (name: string, image: string) => ({
    metadata: { name, uid: name, ownerReferences: ownedBy('shop') },
    spec: { template: templateOf(image, { app: 'shop', 'pod-template-hash': name }) },
  });
  const kept = (mark: string, number: number) => ({
    metadata: {
      name: `shop-${mark}`,
      uid: mark,
      labels: { 'controller-revision-hash': mark },
      ownerReferences: ownedBy('shop'),
    },
    revision: number,
  });
  const lists: Readonly<Record<string, readonly Body[]>> = {
    secrets: books,
    replicasets: [set('set-bad', 'app:bad'), set('set-good', 'app:good')],
    controllerrevisions: [kept('bad', 2), kept('good', 3)],
    pods,
  };
  const objects = new Map([
    [`${plurals[kind]}/shop`, workload as Body],
    ...books.map(body => [`secrets/${(body.metadata as { name: string }).name}`, body] as const),
  ]);
  const source = createReleaseSource({
    openCluster: async () => ({
      ask: async ({ path }) => {
        const [plural = '', name] = /namespaces\/shop\/(.*)$/.exec(path.split('?')[0] ?? '')?.[1]?.split('/') ?? [];
        const body = name === undefined ? { items: lists[plural] } : objects.get(`${plural}/${name}`);
        return { ok: true, body };
      },
    }),
  });
  const input = { release: 'shop', namespace: 'shop', context: null, kubeconfig: null };
  return source.look({ signal: AbortSignal.timeout(5_000) }, input);
}

describe('helm.release says why the live release fails', () => {
  const old = { Deployment: 'set-bad', StatefulSet: 'shop', DaemonSet: 'shop' };
  const now = { Deployment: 'set-good', StatefulSet: 'shop', DaemonSet: 'shop' };
  const marks = { Deployment: ['', ''], StatefulSet: ['shop-bad', 'shop-good'], DaemonSet: ['bad', 'good'] };

  it.each(['Deployment', 'StatefulSet', 'DaemonSet'] as const)(
    'by the pods of a %s’s present template, whatever those of the release before do',
    async kind => {
      const [before = '', after = ''] = marks[kind];
      const crashing = pod('old', old[kind], true, { mark: before });
      const others = pod('others', 'somebody-else', true, { mark: after });
      const healthy = pod('new', now[kind], false, { mark: after });
      const ending = pod('ending', now[kind], true, { mark: after, ending: true });
      const good = await look({ kind, pods: [crashing, others, ending, healthy] });
      expect(good).toMatchObject({ failing: null, restarts: 0 });
      const bad = await look({ kind, pods: [crashing, pod('new', now[kind], true, { mark: after })] });
      expect(bad.failing).toMatchObject({ code: 'release-crash-looping', facts: { pod: 'new', restarts: 5 } });
      expect(bad.restarts).toBe(5);
    },
  );

  const crashing = [pod('new', 'set-good', true)];
  const late = (lastUpdateTime: string) => ({
    conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime }],
  });

  it.each<readonly [string, Shown, string | null]>([
    ['helm is at work on it still', { status: 'pending-rollback', pods: crashing }, null],
    ['its workload was changed and is not looked at yet', { state: { observedGeneration: 3 }, pods: crashing }, null],
    [
      'its Deployment is paused on another template',
      { spec: { template: templateOf('app:new') }, pods: crashing },
      null,
    ],
    ['the release before missed its deadline', { state: late('2026-03-01T09:59:00Z'), pods: [] }, null],
    ['it missed its deadline itself', { state: late('2026-03-01T10:10:00Z'), pods: [] }, 'release-missed-deadline'],
    ['its selector holds expressions alone', { spec: { selector: {} }, pods: crashing }, 'release-crash-looping'],
  ])('and where %s', async (_where, shown, code) => {
    expect((await look(shown)).failing?.code ?? null).toBe(code);
  });
});
