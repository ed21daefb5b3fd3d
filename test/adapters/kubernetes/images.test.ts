import { describe, expect, it } from 'vitest';
import { imagesOf, pinned, shortImage, withImages } from '../../../src/adapters/kubernetes/images.ts';
import { createKnownImages } from '../../../src/adapters/kubernetes/known-images.ts';
import { KubeError, refusalOf } from '../../../src/adapters/kubernetes/kube-error.ts';
import { imageName } from '../../../src/adapters/kubernetes/rollout-input.ts';
import { versionOf } from '../../../src/adapters/kubernetes/template.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import { keptInMemory } from '../../fakes/kept-texts.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const template = {
  metadata: { labels: { app: 'shop' } },
  spec: {
    newer: { field: 1 },
    initContainers: [{ name: 'schema', image: 'schema:7' }],
    containers: [
      { name: 'app', image: 'registry.test/shop:1.4.2', newer: true },
      { name: 'proxy', image: 'proxy:2' },
    ],
  },
};

describe('images of a template', () => {
  it('are changed by container, init containers among them; every other field stays', () => {
    expect(imagesOf(template)).toEqual({ schema: 'schema:7', app: 'registry.test/shop:1.4.2', proxy: 'proxy:2' });
    const changed = withImages(template, { schema: 'schema:6', app: 'registry.test/shop:1.4.1' });
    expect(imagesOf(changed)).toEqual({ schema: 'schema:6', app: 'registry.test/shop:1.4.1', proxy: 'proxy:2' });
    expect(withImages(changed, imagesOf(template))).toEqual(template);
  });

  it('are pinned to the digest they were pulled by, and keep their tag for people', () => {
    const image = pinned('registry.test/shop:1.4.2', `registry.test/shop@${digest}`);
    expect(image).toBe(`registry.test/shop:1.4.2@${digest}`);
    expect(versionOf(withImages(template, { app: image }))).toBe('1.4.2');
    expect(shortImage(image)).toBe('registry.test/shop:1.4.2@sha256:0123456789ab');
    // An image that was loaded into the node has an id that no registry knows.
    expect(pinned('shop:1', digest)).toBe('shop:1');
    expect(pinned(`shop@${digest}`, `shop@sha256:${'f'.repeat(64)}`)).toBe(`shop@${digest}`);
    expect(pinned('shop:1', undefined)).toBe('shop:1');
  });

  it.each(['shop', 'shop:1', 'a.b:5000/x/y:T_1', `shop:1@${digest}`, `shop@${digest}`])('%s is a name', name => {
    expect(imageName.safeParse(name).success).toBe(true);
  });

  it.each(['--flag', 'a;b', '$(x)', '../x', 'a\nb', 'x'.repeat(300), '', 'a b', 'a\u0000b', 'shop@sha256:1'])(
    '%j is none',
    name => {
      expect(imageName.safeParse(name).success).toBe(false);
    },
  );
});

it('what was seen running is known by its name, the last sight of a tag counts, and each workload has its own', async () => {
  const known = createKnownImages(keptInMemory());
  await known.see('one', { app: 'shop:stable', proxy: 'proxy:2' }, { app: `shop@${digest}`, proxy: digest });
  expect(await known.of('one')).toEqual({ 'shop:stable': `shop@${digest}` });
  const moved = `shop@sha256:${'a'.repeat(64)}`;
  await known.see('one', { app: 'shop:stable' }, { app: moved });
  await known.see('one', { app: `shop:2@${digest}` }, { app: `shop@${digest}` });
  expect([await known.of('one'), await known.of('two')]).toEqual([{ 'shop:stable': moved }, {}]);
});

describe('a 403', () => {
  const asked = { verb: 'patch', resource: 'deployments.apps', namespace: 'shop' };
  it.each([
    ['deployments.apps "shop" is forbidden: User "bot" cannot patch resource', 'permission-missing'],
    ['admission webhook "sign.test" denied the request: no signature', 'step-failed'],
    ['pods "x" is forbidden: exceeded quota: full', 'step-failed'],
    ["ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", 'step-failed'],
    ['unable to create new content in namespace shop because it is being terminated', 'step-failed'],
  ])('%s', (message, code) => {
    const refused = refusalOf(new KubeError(asked, 403, message));
    expect(refused instanceof Refusal && refused.reason.code).toBe(code);
  });
});
