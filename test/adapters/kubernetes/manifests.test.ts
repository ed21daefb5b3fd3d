import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/adapters/kubernetes/manifests.ts';

const configMap = (name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { MODE: name } });

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backout-manifests-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A folder as the kubelet mounts a ConfigMap: every name is a link into what `..data` leads to. */
async function mounted(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const data = join(root, folder, '..2026_11_21_03_00_00.1');
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(data, file, '..'), { recursive: true });
    await writeFile(join(data, file), text);
  }
  await symlink('..2026_11_21_03_00_00.1', join(root, folder, '..data'));
  const first = new Set(Object.keys(files).map(file => file.split('/')[0] ?? ''));
  for (const name of first) await symlink(`..data/${name}`, join(root, folder, name));
}

describe('A folder of manifests', () => {
  it('that is mounted from a ConfigMap is read, in the order of its names', async () => {
    await mounted('minimal-stable', {
      'b.yaml': configMap('b'),
      'a.json': configMap('a'),
      'more/c.yaml': configMap('c'),
    });
    const found = await readManifests(root, 'minimal-stable');
    expect(found.map(({ file, name }) => [file, name])).toEqual([
      ['minimal-stable/a.json', 'a'],
      ['minimal-stable/b.yaml', 'b'],
      ['minimal-stable/more/c.yaml', 'c'],
    ]);
  });

  it.each([
    ['out of the folder, beside it', '../secret.yaml', 'path-leads-out'],
    ['out of the folder of the catalogue', '/etc/hostname', 'path-leads-out'],
    ['to nothing', 'gone.yaml', 'path-missing'],
    ['around in a circle', '.', 'path-leads-out'],
  ])('with a link %s is refused', async (_, to, why) => {
    await mkdir(join(root, 'folder'));
    await writeFile(join(root, 'secret.yaml'), configMap('secret'));
    await writeFile(join(root, 'folder', 'a.yaml'), configMap('a'));
    await symlink(to, join(root, 'folder', 'z.yaml'));
    await expect(readManifests(root, 'folder')).rejects.toMatchObject({
      reason: { code: 'plan-failed', facts: { why, path: 'folder/z.yaml' } },
    });
  });

  it('that is itself a link out of the folder of the catalogue is refused', async () => {
    await symlink(tmpdir(), join(root, 'out'));
    await expect(readManifests(root, 'out')).rejects.toMatchObject({ reason: { facts: { why: 'path-leads-out' } } });
  });
});
