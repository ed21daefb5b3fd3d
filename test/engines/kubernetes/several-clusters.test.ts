import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect as dial } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import { readSecret } from '../../../src/config/secrets.ts';
import { openApi } from '../../cluster/api.ts';
import type { FurtherPlane } from '../../cluster/further-planes.ts';
import { eventually, type TestCluster, useCluster } from '../../cluster/suite.ts';
import { keptInMemory } from '../../fakes/kept-texts.ts';
import { contexts } from './targets.ts';

const cluster = useCluster();
let folder: string;

const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'patch', 'create'] }];

/** One of the two clusters, with a namespace and an account that may act in it. */
interface Side {
  readonly plane: Pick<TestCluster, 'api' | 'account' | 'kubeconfig'>;
  readonly namespace: string;
  readonly server: string;
  readonly ca: string;
  token(): Promise<string>;
}

let here: Side;
let there: Side;

async function sideOf(plane: TestCluster | FurtherPlane): Promise<Side> {
  const namespace = await plane.namespace();
  const [{ cluster: known }] = JSON.parse(plane.kubeconfig).clusters;
  const token = async () => {
    const text = await plane.account(namespace, rules);
    const api = await openApi(text);
    await eventually('role', () => api('GET', `/api/v1/namespaces/${namespace}/configmaps`).catch(() => undefined));
    return String(JSON.parse(text).users[0].user.token);
  };
  const ca = Buffer.from(known['certificate-authority-data'], 'base64').toString();
  return { plane, namespace, server: known.server, ca, token };
}

beforeAll(async () => {
  folder = await cluster.folder('clusters');
  const further = await cluster.openPlane('several');
  [here, there] = await Promise.all([sideOf(cluster), sideOf(further)]);
}, 200_000);

let written = 0;
function kubeconfig(
  users: Readonly<Record<string, object>>,
  clusters: Readonly<Record<string, object>>,
  more: object = {},
): string {
  written += 1;
  const path = join(folder, `kubeconfig-${written}`);
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: Object.entries(clusters).map(([name, one]) => ({ name, cluster: one })),
    users: Object.entries(users).map(([name, user]) => ({ name, user })),
    contexts: Object.keys(clusters).map(name => ({ name, context: { cluster: name, user: name } })),
    'current-context': Object.keys(clusters)[0],
    ...more,
  };
  writeFileSync(path, JSON.stringify(text), { mode: 0o600 });
  return path;
}

const plain = ({ server, ca }: Side) => ({
  server,
  'certificate-authority-data': Buffer.from(ca).toString('base64'),
});

/** A program on disk that answers as an exec plugin does. */
function plugin(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o700);
  return path;
}

const listAs = async (path: string, side: Side, context: string | null = null) => {
  const connection = await createConnect({ kubeconfig: path, childEnvironment: {} })({ context, kubeconfig: null });
  return connection.send(maps(side));
};

const maps = ({ namespace }: Side, signal = AbortSignal.timeout(20_000)) => ({
  verb: 'list',
  resource: 'configmaps',
  namespace,
  path: `/api/v1/namespaces/${namespace}/configmaps`,
  signal,
});

describe('several clusters', { timeout: 90_000 }, () => {
  it('one process acts on two contexts of one kubeconfig, each with its own identity', async () => {
    const path = kubeconfig(
      { east: { token: await here.token() }, west: { token: await there.token() } },
      { east: plain(here), west: plain(there) },
    );
    const entry = kubernetesExecutors.find(({ kind }) => kind === 'kubernetes.configmap');
    if (!entry) throw new Error('no kubernetes.configmap');
    const deps = {
      kubeconfig: path,
      childEnvironment: {},
      clock: { now: Date.now },
      readSecret,
      catalogueFolder: folder,
      kept: keptInMemory(),
    };
    const executor = await entry.load(deps);
    const sides = { east: here, west: there };
    await Promise.all(
      Object.entries(sides).map(async ([context, { plane, namespace }]) => {
        await plane.api('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
          metadata: { name: 'shop' },
          data: { MODE: 'new', PLACE: context },
        });
        const input = entry.input.parse({ namespace, context, configMap: 'shop', set: { MODE: 'old' } });
        const { operations } = await executor.plan(contexts().plan(null), input);
        for (const operation of operations) await executor.apply(contexts().apply, operation);
      }),
    );
    for (const [context, { plane, namespace }] of Object.entries(sides)) {
      const { data } = await plane.api('GET', `/api/v1/namespaces/${namespace}/configmaps/shop`);
      expect(data).toEqual({ MODE: 'old', PLACE: context });
    }
  });

  it('contexts may lie in two files of KUBECONFIG; one that is nowhere is refused by its name', async () => {
    const east = kubeconfig({ east: { token: await here.token() } }, { east: plain(here) });
    const west = kubeconfig({ west: { token: await there.token() } }, { west: plain(there) });
    const both = `${east}:${west}`;
    expect(await listAs(both, here)).toHaveProperty('items');
    expect(await listAs(both, there, 'west')).toHaveProperty('items');
    await expect(listAs(both, there, 'north')).rejects.toMatchObject({
      reason: { code: 'target-unreachable', detail: 'the kubeconfig has no context north' },
    });
  });

  it('an exec plugin makes the credential: once, anew when it is refused or over, with an environment of its own', async () => {
    const calls = join(folder, 'calls');
    const tokenPath = join(folder, 'exec-token');
    const lines = [
      `env >>"${calls}"`,
      `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat "$TOKEN_FILE")"`,
    ];
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: `./${plugin('login', lines).split('/').at(-1)}`,
      args: ['--quiet'],
      env: [{ name: 'TOKEN_FILE', value: tokenPath }],
      provideClusterInfo: true,
      interactiveMode: 'Never',
    };
    writeFileSync(tokenPath, await here.token());
    const path = kubeconfig({ east: { exec } }, { east: plain(here) });
    const connection = await createConnect({
      kubeconfig: path,
      childEnvironment: { PATH: '/usr/bin:/bin', HOME: folder },
    })({
      context: null,
      kubeconfig: null,
    });
    await connection.send(maps(here));
    await connection.send(maps(here));
    const told = readFileSync(calls, 'utf8');
    const info = JSON.parse(/^KUBERNETES_EXEC_INFO=(.*)$/m.exec(told)?.[1] ?? '{}');
    expect(info).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: here.server } },
    });
    const variables = told.split('\n').flatMap(line => /^([A-Za-z_]+)=/.exec(line)?.[1] ?? []);
    expect(variables.filter(name => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)).sort()).toEqual([
      'HOME',
      'KUBERNETES_EXEC_INFO',
      'PATH',
      'TOKEN_FILE',
    ]);

    writeFileSync(tokenPath, 'not-accepted');
    const other = await createConnect({ kubeconfig: path, childEnvironment: {} })({ context: null, kubeconfig: null });
    await expect(other.send(maps(here))).rejects.toMatchObject({ status: 401 });
    writeFileSync(tokenPath, await here.token());
    expect(await other.send(maps(here))).toHaveProperty('items');
  });

  it('an exec plugin that fails, is missing or answers nonsense is named, and what it prints stays unsaid', async () => {
    const cases = [
      {
        command: plugin('fails', ['echo "please log in" >&2', 'exit 3']),
        said: /the plugin fails failed \(3\): please log in/,
      },
      { command: plugin('nonsense', ['echo hunter2']), said: /nonsense answered no ExecCredential$/ },
      { command: join(folder, 'nowhere'), said: /nowhere failed \(ENOENT\)/ },
    ];
    for (const { command, said } of cases) {
      const path = kubeconfig({ east: { exec: { command } } }, { east: plain(here) });
      const failure = await listAs(path, here).then(
        () => new Error('no failure'),
        (error: Error) => error,
      );
      expect(failure).toMatchObject({ status: 0, message: expect.stringMatching(said) });
      expect(failure.message).not.toContain('hunter2');
    }
  });

  it('an exec plugin that hangs holds nobody who no longer waits', async () => {
    const path = kubeconfig({ east: { exec: { command: plugin('hangs', ['exec sleep 15']) } } }, { east: plain(here) });
    const connection = await createConnect({ kubeconfig: path, childEnvironment: {} })({
      context: null,
      kubeconfig: null,
    });
    const began = performance.now();
    await expect(connection.send(maps(here, AbortSignal.timeout(300)))).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('a token file that rotates is read again when the old token is refused', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${await here.token()}\n`);
    const path = kubeconfig({ east: { tokenFile: 'token' } }, { east: plain(here) });
    const connection = await createConnect({ kubeconfig: path, childEnvironment: {} })({
      context: null,
      kubeconfig: null,
    });
    expect(await connection.send(maps(here))).toHaveProperty('items');
    writeFileSync(tokenFile, 'revoked');
    const fresh = await createConnect({ kubeconfig: path, childEnvironment: {} })({ context: null, kubeconfig: null });
    await expect(fresh.send(maps(here))).rejects.toMatchObject({ status: 401 });
    writeFileSync(tokenFile, await here.token());
    expect(await fresh.send(maps(here))).toHaveProperty('items');
  });

  it('a CA is taken from a file; a server that it has not signed is not spoken to', async () => {
    const token = await here.token();
    const right = join(folder, 'here.crt');
    const wrong = join(folder, 'there.crt');
    writeFileSync(right, here.ca);
    writeFileSync(wrong, there.ca);
    const with_ = (file: string) =>
      kubeconfig({ east: { token } }, { east: { server: here.server, 'certificate-authority': file } });
    expect(await listAs(with_('here.crt'), here)).toHaveProperty('items');
    await expect(listAs(with_(wrong), here)).rejects.toMatchObject({
      status: 0,
      message: expect.stringMatching(/certificate/),
    });
    expect(right).not.toBe(wrong);
  });

  it('a proxy of the kubeconfig is gone through, by CONNECT, with the certificate of the API server', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client, head) => {
      asked.push(String(request.url));
      const [host = '', port = ''] = String(request.url).split(':');
      const upstream = dial(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [upstream, client]) socket.on('error', () => socket.destroy());
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const path = kubeconfig(
        { west: { token: await there.token() } },
        { west: { ...plain(there), 'proxy-url': url } },
      );
      expect(await listAs(path, there)).toHaveProperty('items');
      expect(asked).toEqual([new URL(there.server).host]);
    } finally {
      proxy.close();
    }
  });
});
