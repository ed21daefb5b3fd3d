import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProxiedHttpCheck } from '../../../src/adapters/kubernetes/checks/http.ts';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import { loadKubeconfig } from '../../../src/adapters/kubernetes/kubeconfig.ts';
import type { CheckContext } from '../../../src/ports/check.ts';

const folder = mkdtempSync(join(tmpdir(), 'backout-connect-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file below the folder and answers its path. */
function file(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('credentials that others renew', () => {
  let accepted = 'first';
  let asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const refused = request.headers.authorization !== `Bearer ${accepted}`;
    const behind = request.url?.endsWith('/proxy/secret') === true;
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'Unauthorized', code: 401 };
    response.statusCode = refused || behind ? 401 : 200;
    response.end(refused ? JSON.stringify(status) : behind ? 'who are you?' : '{"fine":true}');
  });
  let token = '';
  let kubeconfig = '';
  beforeAll(async () => {
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
    token = file('token', 'first');
    kubeconfig = file('config', {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { tokenFile: 'token' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    });
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    accepted = 'first';
    writeFileSync(token, accepted);
    asked = [];
  });

  const request = (path: string) => ({
    verb: 'get',
    resource: 'services/proxy',
    namespace: 'shop',
    path: `/api/v1/namespaces/shop/services/web:80/proxy${path}`,
    signal: AbortSignal.timeout(5_000),
  });
  const open = () => createConnect({ kubeconfig, childEnvironment: {} });
  const rotate = () => {
    accepted = 'second';
    writeFileSync(token, accepted);
  };

  it('are read again where an answer, or one that goes on, is refused by the API server', async () => {
    const connection = await open()({ context: null, kubeconfig: null });
    expect(await connection.ask(request('/'))).toMatchObject({ status: 200 });
    rotate();
    expect(await connection.ask(request('/'))).toMatchObject({ status: 200, text: '{"fine":true}' });
    accepted = 'third';
    writeFileSync(token, accepted);
    expect(await connection.follow(request('/'), { hear: () => undefined })).toBe(200);
    accepted = 'nobody has it';
    await expect(connection.ask(request('/'))).rejects.toMatchObject({ status: 401 });
    expect(await connection.follow(request('/'), { hear: () => undefined })).toBe(401);
  });

  it('are not where what stands behind the proxy refuses: that is its answer, asked for once', async () => {
    const connection = await open()({ context: null, kubeconfig: null });
    expect(await connection.ask(request('/secret'))).toMatchObject({ status: 401, text: 'who are you?' });
    expect(asked).toHaveLength(1);
  });

  it('let kubernetes.http with a port go on after they rotated', async () => {
    const check = createProxiedHttpCheck({ connect: open(), clock: { now: () => Date.now() } });
    const input = { namespace: 'shop', service: 'web', port: 80, times: 1, every: '1ms' };
    const context = { signal: AbortSignal.timeout(5_000), of: { plan: null } } as unknown as CheckContext;
    expect(await check.start(context, input)()).toMatchObject({ status: 'passed' });
    rotate();
    expect(await check.start(context, input)()).toMatchObject({ status: 'passed' });
  });
});

describe('KUBECONFIG with several files, as kubectl reads it', () => {
  const cluster = (name: string, server = `https://${name}.example`) => ({ name, cluster: { server } });
  const context = (name: string, more: object = {}) => ({ name, context: { cluster: name, user: name, ...more } });
  const user = (name: string, token = `token of ${name}`) => ({ name, user: { token } });
  const load = async (...paths: readonly string[]) => {
    const deps = { kubeconfig: paths.join(':'), childEnvironment: { PATH: '/usr/bin:/bin' } };
    return (await loadKubeconfig({ context: null, kubeconfig: null }, deps)).config;
  };
  const whole = (name: string, chosen = true) => ({
    clusters: [cluster(name)],
    contexts: [context(name)],
    users: [user(name)],
    ...(chosen ? { 'current-context': name } : {}),
  });

  it('whoever names something first has it', async () => {
    const one = file('one', whole('east'));
    const two = file('two', {
      clusters: [cluster('east', 'https://other.example'), cluster('west')],
      contexts: [context('east', { user: 'nobody' }), context('west')],
      users: [user('east', 'another'), user('west')],
      'current-context': 'west',
    });
    const config = await load(one, two);
    expect(config.currentContext).toBe('east');
    expect(config.getCurrentCluster()?.server).toBe('https://east.example');
    expect(config.getCurrentUser()?.token).toBe('token of east');
    expect(config.contexts.map(({ name }) => name)).toEqual(['east', 'west']);
  });

  it('a file that is not there, or empty, is passed over; none at all is refused', async () => {
    const east = file('east', whole('east'));
    const config = await load(join(folder, 'nowhere'), file('empty', '\n'), east);
    expect(config.getCurrentCluster()?.name).toBe('east');
    await expect(load(join(folder, 'nowhere'), join(folder, 'neither'))).rejects.toMatchObject({
      reason: { code: 'target-unreachable', detail: 'no usable kubeconfig: ENOENT' },
    });
  });

  it('the choice of a context may stand in a later file', async () => {
    const choice = file('choice', { 'current-context': 'west' });
    const config = await load(file('both', whole('east', false)), file('more', whole('west', false)), choice);
    expect(config.getCurrentCluster()?.name).toBe('west');
  });

  it('what a file names by a relative path lies beside that file', async () => {
    const login = { apiVersion: 'client.authentication.k8s.io/v1', command: './login' };
    file('far/login', '');
    const far = file('far/config', { ...whole('west'), users: [{ name: 'west', user: { tokenFile: 'token' } }] });
    file('far/token', 'beside it');
    file('token', 'somewhere else');
    const near = file('near', { clusters: [], users: [user('other')] });
    expect((await load(near, far)).getCurrentUser()?.token).toBe('beside it');
    const exec = file('far/exec', { ...whole('west'), users: [{ name: 'west', user: { exec: login } }] });
    const options = { headers: {} };
    await expect((await load(near, exec)).applyToHTTPSOptions(options)).rejects.toThrow(/EACCES/);
  });
});
