import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import { refusalOf } from '../../../src/adapters/kubernetes/kube-error.ts';
import { Unanswered } from '../../../src/domain/reason.ts';

const server = createServer((request, response) => {
  response.writeHead(request.headers.authorization === 'Bearer good' ? 200 : 401, {
    'content-type': 'application/json',
  });
  response.end('{"items":[]}');
});
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-credentials-'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A connection whose credential is made by a plugin of these lines of shell. */
async function withPlugin(name: string, lines: readonly string[]) {
  const command = join(folder, name);
  await writeFile(command, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o700 });
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' };
  const { port } = server.address() as AddressInfo;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bot', user: { exec } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'bot' } }],
    'current-context': 'here',
  };
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, JSON.stringify(config));
  return createConnect({ kubeconfig: path, childEnvironment: { PATH: '/usr/bin:/bin' } })({
    context: null,
    kubeconfig: null,
  });
}

const request = () => ({
  verb: 'list',
  resource: 'pods',
  namespace: 'shop',
  path: '/api/v1/namespaces/shop/pods',
  signal: AbortSignal.timeout(10_000),
});
const credential = `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"good"}}'`;

it('a credential plugin that fails once is run again for a read', async () => {
  const connection = await withPlugin('once', [`[ -e "$0.ran" ] || { : >"$0.ran"; exit 1; }`, credential]);
  expect(await connection.read(request())).toEqual({ items: [] });
});

it('a credential that cannot be made is no answer, and not one that was refused', async () => {
  const connection = await withPlugin('never', ['echo "the token service is away" >&2', 'exit 1']);
  const refused = refusalOf(await connection.send(request()).catch((error: unknown) => error));
  expect(refused).toBeInstanceOf(Unanswered);
  expect(refused).toMatchObject({
    reason: {
      code: 'target-unreachable',
      detail: expect.stringMatching(/credentials could not be made: .*never failed \(1\): the token service is away$/),
    },
  });
});
