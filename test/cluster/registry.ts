import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterEnvironment } from './environment.ts';
import { digestOf, readImage } from './images.ts';
import { once } from './once.ts';
import { freePorts } from './ports.ts';
import { startProcess } from './processes.ts';
import { requireProgram } from './programs.ts';
import { until } from './start.ts';

/** A registry on loopback, which the kubelet pulls from over plain HTTP. */
export type Registry = {
  /** Its address as image names begin with it. */
  readonly host: string;
  /**
   * Pushes an image of the suites (`app:1.0.0`) under a repository and a tag, which moves when it is there already.
   * Answers what a pod's container names: by tag, and by digest.
   */
  push(repository: string, tag: string, image: string): Promise<Pushed>;
  /** Deletes a tag, or with a digest the image itself; the kubelet keeps what it has pulled. */
  remove(repository: string, reference: string): Promise<void>;
};

/** An image that lies in the registry. */
export type Pushed = { readonly image: string; readonly byDigest: string; readonly digest: string };

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The registry of a state folder, started by the first who asks. */
export async function openRegistry(state: string, environment: ClusterEnvironment): Promise<Registry> {
  const addressFile = join(state, 'registry.address');
  await once(state, 'registry', async () => {
    const [port] = await freePorts(1);
    const host = `127.0.0.1:${port}`;
    writeFileSync(join(state, 'registry.json'), JSON.stringify(configuration(state, host)));
    const argv = [requireProgram('registry', environment), 'serve', join(state, 'registry.json')];
    startProcess(state, 'registry', argv, { OTEL_TRACES_EXPORTER: 'none' });
    await until(state, 'registry', 'registry', async () => (await fetch(`http://${host}/v2/`)).ok);
    writeFileSync(addressFile, host);
  });
  const host = readFileSync(addressFile, 'utf8');
  return {
    host,
    push: (repository, tag, image) => push(host, repository, tag, image),
    remove: async (repository, reference) => {
      await ask('DELETE', `http://${host}/v2/${repository}/manifests/${reference}`);
    },
  };
}

function configuration(state: string, host: string): object {
  return {
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: join(state, 'registry') }, delete: { enabled: true } },
    http: { addr: host },
  };
}

async function ask(method: string, url: string, body?: Buffer, type = 'application/octet-stream'): Promise<Response> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(10_000),
    ...(body ? { body: new Uint8Array(body), headers: { 'Content-Type': type } } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function pushBlob(base: string, blob: Buffer): Promise<void> {
  const opened = await ask('POST', `${base}/blobs/uploads/`);
  const place = new URL(opened.headers.get('location') ?? '', base);
  place.searchParams.set('digest', digestOf(blob));
  await ask('PUT', place.href, blob);
}

async function push(host: string, repository: string, tag: string, name: string): Promise<Pushed> {
  const base = `http://${host}/v2/${repository}`;
  const { layer, config } = readImage(name, base);
  const part = (mediaType: string, blob: Buffer) => ({ mediaType, digest: digestOf(blob), size: blob.length });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: part('application/vnd.oci.image.config.v1+json', config),
      layers: [part('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  for (const blob of [layer, config]) await pushBlob(base, blob);
  await ask('PUT', `${base}/manifests/${tag}`, manifest, manifestType);
  const digest = digestOf(manifest);
  return { image: `${host}/${repository}:${tag}`, byDigest: `${host}/${repository}@${digest}`, digest };
}
