import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ObservedReleases, Release } from '../../../src/domain/release.ts';
import { sayReason } from '../../../templates/say.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { carryOut, contexts, firstOf, neededRules, openPlace, pick, refusalOf, refusedWith } from './targets.ts';
import {
  atRevision,
  imageOf,
  makeDeployment,
  patchDeployment,
  readDeployment,
  type Shape,
  setImage,
} from './workloads.ts';

const cluster = useCluster();

/** A Deployment `shop` that went through these images in turn; without pods unless told otherwise. */
async function shopWith(images: readonly string[], shape: Shape = {}) {
  const { api } = cluster;
  const place = await openPlace(cluster, neededRules);
  const { namespace } = place;
  const where = { namespace, deployment: 'shop' };
  const [first = 'app:1.0.0', ...rest] = images;
  await makeDeployment(api, namespace, 'shop', { replicas: 0, ...shape, image: first });
  await atRevision(api, namespace, 'shop', 1);
  for (const [at, image] of rest.entries()) {
    await setImage(api, namespace, 'shop', image);
    await atRevision(api, namespace, 'shop', at + 2);
  }
  const undo = await place.executor('kubernetes.rollout-undo');
  return {
    api,
    place,
    namespace,
    undo,
    look: () => place.look(where),
    plan: (to: Release | null, extra: JsonObject = {}) =>
      undo.plan(contexts().plan(to), { ...where, context: null, kubeconfig: null, graceSeconds: 2, ...extra }),
    image: () => imageOf(api, namespace, 'shop'),
    patch: (patch: object) => patchDeployment(api, namespace, 'shop', patch),
  };
}

const versions = (releases: ObservedReleases) => releases.history.map(({ version }) => version);
const restart = (at: string) => ({
  spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } },
});

describe('going back and what may stand in the way', { timeout: 90_000, concurrent: true }, () => {
  it('trap 1: a restart makes no release, and undoing it is called nothing to change', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    await shop.patch(restart('2026-11-21T03:00:00Z'));
    await atRevision(shop.api, shop.namespace, 'shop', 3);
    const releases = await shop.look();
    expect(releases.current?.version).toBe('1.1.0');
    expect(versions(releases)).toEqual(['1.0.0']);
    expect((await shop.plan(pick(releases, '1.1.0'))).operations).toEqual([]);
    await shop.patch({ spec: { replicas: 1 } });
    expect(await carryOut(shop.undo, (await shop.plan(pick(releases, '1.0.0'))).operations)).toMatchObject({
      state: 'settled',
      served: true,
    });
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('trap 2: going back twice names its target, which is told to be bad', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const bad = pick(await shop.look(), '1.1.0', 'bad');
    await carryOut(shop.undo, (await shop.plan(pick(await shop.look(), '1.0.0'))).operations);
    expect((await shop.plan(pick(await shop.look(), '1.0.0'))).operations).toEqual([]);
    const again = await shop.plan(bad);
    expect(again.warnings.map(({ code }) => code)).toContain('target-known-bad');
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('trap 3: two bad releases in a row are skipped', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:sick', 'app:crash']);
    const plan = await shop.plan(pick(await shop.look(), '1.0.0'));
    expect(plan.operations).toHaveLength(1);
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled' });
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('trap 4: a paused Deployment is refused with the command that resumes it', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const to = pick(await shop.look(), '1.0.0');
    await shop.patch({ spec: { paused: true } });
    const refused = await refusedWith(shop.plan(to));
    expect(refused).toContain(`kubectl -n ${shop.namespace} rollout resume deployment/shop`);
    expect(await shop.image()).toBe('app:1.1.0');
    expect((await shop.look()).settled).toBe(false);
  });

  it('trap 5: without history there is nothing to choose, and why is said', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const to = pick(await shop.look(), '1.0.0');
    await shop.patch({ spec: { revisionHistoryLimit: 0 } });
    const releases = await eventually('history gone', async () => {
      const now = await shop.look();
      return now.history.length === 0 && now;
    });
    expect(releases.current?.version).toBe('1.1.0');
    const refused = await refusalOf(shop.plan(to));
    expect(refused).toMatchObject({ code: 'release-not-eligible', facts: { limit: 0 } });
    expect(sayReason(refused, 'en')).toContain('revisionHistoryLimit 0');
  });

  it('trap 7: a deadline that passed before the patch is no failure', async () => {
    const spec = { progressDeadlineSeconds: 3, strategy: { type: 'Recreate' } };
    const shop = await shopWith(['app:1.0.0'], { spec });
    const containers = [{ name: 'app', image: 'app:none' }];
    await shop.patch({ spec: { replicas: 1, template: { spec: { containers } } } });
    await eventually('deadline', async () => {
      const found = await readDeployment(shop.api, shop.namespace, 'shop');
      return [...(found.status?.conditions ?? [])].some(({ reason }) => String(reason) === 'ProgressDeadlineExceeded');
    });
    const plan = await shop.plan(pick(await shop.look(), '1.0.0'));
    expect(plan.interruption).toEqual({ kind: 'unknown' });
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled', served: true });
  });

  it('trap 8: without replicas nothing is proven, and both plan and end say so', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const plan = await shop.plan(pick(await shop.look(), '1.0.0'));
    expect(plan.warnings.map(({ code }) => code)).toContain('no-pods-wanted');
    const end = await carryOut(shop.undo, plan.operations);
    expect(end).toMatchObject({ state: 'settled', served: false, note: { code: 'rolled-out-without-pods' } });
  });

  const owned: readonly { mark: string; owner: string; metadata: object }[] = [
    { mark: 'instance label', owner: 'Argo CD', metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } } },
    {
      mark: 'tracking id',
      owner: 'Argo CD',
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } },
    },
    { mark: 'Kustomization', owner: 'Flux', metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } } },
    { mark: 'HelmRelease', owner: 'Flux', metadata: { labels: { 'helm.toolkit.fluxcd.io/name': 'shop' } } },
    { mark: 'release name', owner: 'Helm', metadata: { annotations: { 'meta.helm.sh/release-name': 'shop' } } },
    { mark: 'manager label', owner: 'Helm', metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } },
    {
      mark: 'controlling owner',
      owner: 'Canary shop',
      metadata: {
        // Of a kind that is served, the garbage collector would miss the owner and delete what it owns.
        ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Canary', name: 'shop', uid: 'c1', controller: true }],
      },
    },
  ];
  it('trap 12: what another tool renders is refused with its name', async () => {
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const to = pick(await shop.look(), '1.0.0');
    const { operations } = await shop.plan(to);
    const clean = await readDeployment(shop.api, shop.namespace, 'shop');
    const path = `/apis/apps/v1/namespaces/${shop.namespace}/deployments/shop`;
    for (const { mark, owner, metadata } of owned) {
      await shop.patch({ metadata });
      expect(await refusalOf(shop.plan(to)), mark).toMatchObject({ code: 'owned-by-other', facts: { owner: [owner] } });
      const operation = firstOf({ operations });
      const seen = await shop.undo.observe(contexts().apply, operation);
      expect(seen.fingerprint, mark).not.toBe(operation.fingerprint);
      expect(await refusalOf(shop.undo.apply(contexts().apply, operation)), mark).toMatchObject({
        code: 'owned-by-other',
      });
      const undone = [
        { op: 'replace', path: '/metadata/labels', value: JSON.parse(JSON.stringify(clean.metadata?.labels ?? {})) },
        { op: 'replace', path: '/metadata/annotations', value: clean.metadata?.annotations },
        { op: 'add', path: '/metadata/ownerReferences', value: [] },
      ];
      await shop.api(
        'PATCH',
        path,
        [{ op: 'add', path: '/metadata/labels', value: {} }, ...undone],
        'application/json-patch+json',
      );
    }
    expect(await shop.image()).toBe('app:1.1.0');
  });

  it.each([
    ['a note of somebody', { annotations: { 'example.com/seen': 'yes' } }, '1.0.0', null],
    ['the mark of Argo CD', { labels: { 'argocd.argoproj.io/instance': 'shop' } }, '1.1.0', 'owned-by-other'],
  ] as const)('between the last look and the write comes %s: what is done is judged by that', async (...row) => {
    const [, metadata, image, refusal] = row;
    const shop = await shopWith(['app:1.0.0', 'app:1.1.0']);
    const operation = firstOf(await shop.plan(pick(await shop.look(), '1.0.0')));
    await shop.undo.observe(contexts().apply, operation);
    await shop.patch({ metadata });
    const applied = shop.undo.apply(contexts().apply, operation);
    if (refusal) expect(await refusalOf(applied)).toMatchObject({ code: refusal });
    else await applied;
    expect(await shop.image()).toBe(`app:${image}`);
  });
});
