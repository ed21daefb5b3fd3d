import { describe, expect, it } from 'vitest';
import { type RollbackInput, rollbackInput } from '../../../src/adapters/helm/input.ts';
import { compareManifests, type Part, partsOf, wordsOf } from '../../../src/adapters/helm/manifest.ts';
import { planOwners } from '../../../src/adapters/helm/owners.ts';
import { manifestDiff } from '../../../src/adapters/helm/preview.ts';
import { note } from '../../../src/domain/note.ts';
import type { Owners } from '../../../src/ports/owners.ts';

const object = (kind: string, name: string, rest = '', apiVersion = 'v1') =>
  `---\n# Source: shop/templates/${name}.yaml\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;
const names = { before: 'in revision 2', after: 'in revision 1' };
const compare = (before: string, after: string) => compareManifests(partsOf(before, 'shop'), partsOf(after, 'shop'));

describe('a manifest', () => {
  it('is taken apart into objects; lists, comments and empty documents do no harm', () => {
    const list = '---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n';
    const text = `---\n# nothing\n${object('ConfigMap', 'b')}${list}---\nkind: 3\n`;
    expect(partsOf(text, 'shop').map(wordsOf)).toEqual(['ConfigMap/b', 'Service/a']);
    expect(partsOf('', 'shop')).toEqual([]);
    expect(partsOf('{{ not yaml', 'shop')).toEqual([]);
  });

  it('is compared object by object, in its namespace and group', () => {
    const before = object('ConfigMap', 'a', 'data: {x: "1"}\n') + object('Service', 'gone') + object('Ingress', 'i');
    const after = object('ConfigMap', 'a', 'data: {x: "2"}\n') + object('Service', 'new') + object('Ingress', 'i');
    const found = compare(before, after);
    expect(found.changed.map(({ after: part }) => wordsOf(part))).toEqual(['ConfigMap/a']);
    expect([found.created, found.deleted].map(all => all.map(wordsOf))).toEqual([['Service/new'], ['Service/gone']]);
    const elsewhere = compare(object('ConfigMap', 'a'), object('ConfigMap', 'a', '  namespace: other\n'));
    expect([elsewhere.created.length, elsewhere.deleted.length]).toEqual([1, 1]);
  });

  it('keeps what is marked to be kept', () => {
    const kept = object('PersistentVolumeClaim', 'data', '  annotations: {helm.sh/resource-policy: keep}\n');
    expect(compare(kept, '')).toMatchObject({ deleted: [], kept: [{ name: 'data' }] });
  });
});

describe('a release that a reconciler renders', () => {
  const release = { release: 'shop', namespace: 'shop' };
  const marked = (mark: string) => partsOf(object('ConfigMap', 'a', `  labels: {${mark}: shop}\n`), 'shop');
  const flux = 'helm.toolkit.fluxcd.io/name';
  const fleet = 'fleet.cattle.io/bundle-name';
  const plan = (parts: readonly Part[], owner: RollbackInput['owner']) => {
    const input = rollbackInput.parse({ ...release, owner });
    const owners: Owners = {
      plan: async (_at, objects, choice) => ({
        operations: [],
        warnings: [note('owner-stays-suspended', { objects: objects.map(({ name }) => name), by: choice.owner })],
      }),
      around: executor => executor,
    };
    return planOwners(async () => owners, input, parts, new AbortController().signal);
  };

  it.each([
    ['is nobody’s', 'app', 'suspend', []],
    ['is Flux’s, to be suspended', flux, 'suspend', ['owner-stays-suspended']],
    ['is Flux’s, its parents with it', flux, 'suspend-parents', ['owner-stays-suspended']],
    ['is Flux’s, knowingly', flux, 'anyway', ['owner-undoes']],
    ['is Fleet’s, knowingly', fleet, 'anyway', ['owner-undoes']],
  ] as const)('%s', async (_what, mark, owner, warned) => {
    const { warnings } = await plan(marked(mark), owner);
    expect(warnings.map(({ code }) => code)).toEqual(warned);
  });

  it.each([
    ['Flux’s where nothing was chosen', flux, 'refuse', ['suspend', 'git', 'anyway']],
    ['Fleet’s, which nothing suspends', fleet, 'suspend', ['git', 'anyway']],
  ] as const)('is refused: %s', async (_what, mark, owner, can) => {
    const planned = plan(marked(mark), owner);
    await expect(planned).rejects.toMatchObject({ reason: { code: 'owned-by-other', facts: { can } } });
  });
});

describe('the preview', () => {
  it('shows the lines that change, by object', () => {
    const diff = manifestDiff(
      compare(
        object('ConfigMap', 'a', 'data: {x: "1", y: "1"}\n'),
        object('ConfigMap', 'a', 'data: {x: "2", y: "1"}\n'),
      ),
      names,
    );
    expect(diff).toContain('--- ConfigMap/a in revision 2\n+++ ConfigMap/a in revision 1\n');
    expect(diff).toContain('-  x: "1"\n+  x: "2"\n');
  });

  it('shows of a Secret the names of its keys alone, and of others nothing that looks secret', () => {
    const secret = (value: string) => object('Secret', 's', `stringData: {a: ${value}, b: same-value}\n`);
    const config = (value: string) => object('ConfigMap', 'c', `data: {API_TOKEN: ${value}}\n`);
    const diff = manifestDiff(
      compare(secret('old-value') + config('old-value'), secret('new-value') + config('new-value')),
      names,
    );
    expect(diff).not.toMatch(/(old|new|same)-value/);
    expect(diff).toContain('-  a: (hidden)\n+  a: (hidden, another value)\n   b: (hidden)');
    expect(diff).toContain('ConfigMap/c in revision 1\n (hidden values change)');
    expect(manifestDiff(compare('', secret('new-value')), names)).not.toContain('new-value');
  });

  it('stays short enough to be kept', () => {
    const lines = (mark: string) =>
      object(
        'ConfigMap',
        'big',
        `data:\n${Array.from({ length: 9_000 }, (_, at) => `  k${at}: ${mark}${at}\n`).join('')}`,
      );
    expect(manifestDiff(compare(lines('a'), lines('b')), names)).toMatch(/\(90\d\d lines become 90\d\d\)/);
    const many = (mark: string) =>
      Array.from({ length: 90 }, (_, at) => object('ConfigMap', `c${at}`, `data: {x: ${mark.repeat(800)}}\n`)).join('');
    const diff = manifestDiff(compare(many('a '), many('b ')), names);
    expect(diff.length).toBeLessThan(61_000);
    expect(diff).toMatch(/… \d+ more lines$/);
  });
});
