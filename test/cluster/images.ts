import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

type Entry = { readonly name: string; readonly body?: Buffer; readonly linkTo?: string; readonly mode?: number };

type Image = { readonly script: string; readonly version: string };

/** The applets the test images use; each is a link to busybox. */
const applets = ['sh', 'sleep', 'httpd', 'mkdir', 'echo', 'env', 'cat', 'true', 'ls', 'wget'];

/** Waits for TERM and then ends, so that a pod stops at once. */
const idle = 'trap "exit 0" TERM; while :; do sleep 86400 & wait $!; done';

/** Answers its version on every page; /healthz exists only when asked for. */
function server(healthy: boolean): string {
  const pages = healthy ? 'index.html healthz env' : 'index.html';
  return [
    'mkdir -p /www',
    `for page in ${pages}; do echo "{\\"version\\":\\"$APP_VERSION\\"}" > /www/$page; done`,
    'env > /www/env',
    'httpd -p 8080 -h /www',
    idle,
  ].join('; ');
}

/** Name → what the image does; all share one layer. */
const images: Readonly<Record<string, Image>> = {
  'pause:1': { script: idle, version: '' },
  'app:1.0.0': { script: server(true), version: '1.0.0' },
  'app:1.1.0': { script: server(true), version: '1.1.0' },
  'app:1.2.0': { script: server(true), version: '1.2.0' },
  'app:sick': { script: server(false), version: 'sick' },
  'app:crash': { script: 'echo "cannot read the price table"; sleep 1; exit 3', version: 'crash' },
};

function header(entry: Entry): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at);
  block.write(entry.name, 0, 100);
  octal(entry.mode ?? 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(entry.body?.length ?? 0, 124, 12);
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148);
  block.write(entry.linkTo ? '2' : entry.name.endsWith('/') ? '5' : '0', 156);
  block.write(entry.linkTo ?? '', 157, 100);
  block.write('ustar\x0000', 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}

function tar(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(entry => {
    const body = entry.body ?? Buffer.alloc(0);
    return [header(entry), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Digest of a blob as registries name it: `sha256:…`. */
export const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

const makeLayer = () =>
  tar([
    { name: 'bin/', mode: 0o755 },
    { name: 'bin/busybox', body: readFileSync('/bin/busybox'), mode: 0o755 },
    ...applets.map(applet => ({ name: `bin/${applet}`, linkTo: 'busybox' })),
    { name: 'etc/', mode: 0o755 },
    { name: 'tmp/', mode: 0o777 },
  ]);

function configOf({ script, version }: Image, layer: Buffer, place = ''): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: {
        Env: ['PATH=/bin', `APP_VERSION=${version}`],
        Cmd: ['/bin/sh', '-c', script],
        Labels: { version, place },
      },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
}

/**
 * The parts of one image of the suites (`app:1.0.0`) as a registry keeps them, other than those of any other place: containerd calls an
 * image that it has from two places by the digest of either.
 */
export function readImage(name: string, place: string): { readonly layer: Buffer; readonly config: Buffer } {
  const image = images[name];
  if (!image) throw new Error(`the suites have no image ${name}`);
  const layer = makeLayer();
  return { layer, config: configOf(image, layer, place) };
}

/** Writes a docker-archive with all images of the suites: one layer of Debian's static busybox, configs that differ in command and environment. */
export function writeImages(file: string): void {
  const layer = makeLayer();
  const configs = Object.entries(images).map(([name, image]) => {
    const body = configOf(image, layer);
    return { name, file: `${digestOf(body).slice('sha256:'.length)}.json`, body };
  });
  const manifest = configs.map(({ name, file: Config }) => ({ Config, RepoTags: [name], Layers: ['layer.tar'] }));
  writeFileSync(
    file,
    tar([
      { name: 'layer.tar', body: layer },
      ...configs.map(({ file: name, body }) => ({ name, body })),
      { name: 'manifest.json', body: Buffer.from(JSON.stringify(manifest)) },
    ]),
  );
}
