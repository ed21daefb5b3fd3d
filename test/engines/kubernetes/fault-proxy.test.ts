import { request } from 'node:http';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { type Api, openApi } from '../../cluster/api.ts';
import type { FaultProxy } from '../../cluster/fault-proxy.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { makeDeployment, podsOf, rolledOut } from './workloads.ts';

const cluster = useCluster();
const rules = [
  { apiGroups: [''], resources: ['configmaps', 'pods'], verbs: ['create', 'get', 'list', 'patch', 'update', 'watch'] },
  { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] },
];
let proxy: FaultProxy;
let through: Api;
let token: string;
let maps: string;

beforeAll(async () => {
  const namespace = await cluster.namespace();
  proxy = await cluster.faultProxy();
  const kubeconfig = await cluster.account(namespace, rules, proxy.url);
  token = JSON.parse(kubeconfig).users[0].user.token;
  through = await openApi(kubeconfig);
  maps = `/api/v1/namespaces/${namespace}/configmaps`;
  await eventually('role', () => through('GET', maps).catch(() => undefined));
});
beforeEach(() => proxy.clear());

/** A watch as its raw lines, and whether its line is still open. */
function openWatch(path: string) {
  const seen = { text: '', open: true, lines: () => seen.text.split('\n').filter(Boolean) };
  const outgoing = request(new URL(path, proxy.url), { headers: { Authorization: `Bearer ${token}` } }, answer => {
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => {
      seen.text += text;
    });
    answer.on('close', () => {
      seen.open = false;
    });
  });
  outgoing.on('error', () => {
    seen.open = false;
  });
  outgoing.end();
  return { seen, end: () => outgoing.destroy() };
}

it.each([
  { status: 401, reason: 'Unauthorized' },
  { status: 409, reason: 'Conflict' },
  { status: 410, reason: 'Expired' },
  { status: 422, reason: 'Invalid' },
  { status: 429, reason: 'TooManyRequests' },
  { status: 500, reason: 'InternalError' },
])('answers $status as the API server words it, so many times', async ({ status, reason }) => {
  proxy.inject({ path: /configmaps/, times: 1, fault: { kind: 'answer', status, retryAfter: 1 } });
  await expect(through('GET', maps)).rejects.toMatchObject({ status, message: expect.stringContaining(reason) });
  expect(await through('GET', maps)).toHaveProperty('items');
});

it.each([
  { kind: 'half-close', stillOpen: true },
  { kind: 'cut-stream', stillOpen: false },
] as const)('a watch that meets $kind gives one event and then no more', async ({ kind, stillOpen }) => {
  proxy.inject({ path: /watch=true/, fault: { kind, lines: 1 } });
  const watch = openWatch(`${maps}?watch=true`);
  try {
    await eventually('first event', async () => watch.seen.lines().length === 1);
    await cluster.api('POST', maps, { metadata: { name: `later-${kind}` } });
    const sound = openWatch(`${maps}?watch=1`);
    try {
      await eventually('the event elsewhere', async () => sound.seen.text.includes(`later-${kind}`));
    } finally {
      sound.end();
    }
    await eventually('the state of the line', async () => watch.seen.open === stillOpen);
    expect(watch.seen.lines()).toHaveLength(1);
  } finally {
    watch.end();
  }
});

it('adds a field of a newer server to what is read, and takes it from what is written', async () => {
  const at = ['data'];
  proxy.inject({ path: /configmaps/, fault: { kind: 'newer-field', at, name: 'newer', value: 'yes' } });
  await cluster.api('POST', maps, { metadata: { name: 'plain' }, data: { old: 'a' } });
  const read = await through('GET', `${maps}/plain`);
  const [listed] = [...((await through('GET', maps)).items ?? [])].filter(
    ({ metadata }) => String(metadata?.name) === 'plain',
  );
  const watch = openWatch(`${maps}?watch=true&fieldSelector=metadata.name%3Dplain`);
  try {
    await eventually('event', async () => watch.seen.lines().length > 0);
    const event = JSON.parse(watch.seen.lines()[0] ?? '');
    expect([read.data, listed?.data, event.object.data]).toEqual(Array(3).fill({ old: 'a', newer: 'yes' }));
  } finally {
    watch.end();
  }

  const patch = [
    { op: 'test', path: '/data', value: { old: 'a', newer: 'yes' } },
    { op: 'replace', path: '/data', value: { old: 'b', newer: 'yes' } },
  ];
  await through('PATCH', `${maps}/plain`, patch, 'application/json-patch+json');
  expect(proxy.seen.at(-1)?.body).toBe(JSON.stringify(patch));
  expect((await cluster.api('GET', `${maps}/plain`)).data).toEqual({ old: 'b' });
});

it('a delay and another fault meet beside a newer field', async () => {
  proxy.inject({ path: /configmaps/, times: 1, fault: { kind: 'delay', ms: 300 } });
  proxy.inject({ path: /configmaps/, fault: { kind: 'newer-field', at: ['metadata'], name: 'newer', value: 1 } });
  await cluster.api('POST', maps, { metadata: { name: 'slow' } });
  const started = performance.now();
  expect((await through('GET', `${maps}/slow`)).metadata).toHaveProperty('newer', 1);
  expect(performance.now() - started).toBeGreaterThanOrEqual(295);
});

it('joins WebSockets, and answers one with a fault', { timeout: 60_000 }, async () => {
  const namespace = maps.split('/')[4] ?? '';
  await makeDeployment(cluster.api, namespace, 'shop', { replicas: 1, probe: false });
  await rolledOut(cluster.api, namespace, 'shop');
  const [pod] = await podsOf(cluster.api, namespace, 'shop');
  const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata?.name}/exec?command=echo&command=hello&stdout=true`;
  proxy.inject({ path: /exec/, times: 1, fault: { kind: 'answer', status: 403 } });
  expect((await execute(path)).refused).toBe(403);
  expect((await execute(path)).output).toContain('hello');
});

/** Runs a command through exec's WebSocket: all it sent as text, or the status of the refusal. */
function execute(path: string): Promise<{ readonly output: string; readonly refused: number | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.from('0123456789abcdef').toString('base64'),
      'Sec-WebSocket-Protocol': 'v4.channel.k8s.io',
    };
    const outgoing = request(new URL(path, proxy.url), { headers });
    outgoing.on('upgrade', (_, socket, head) => {
      let output = head.toString('latin1');
      socket.on('data', chunk => {
        output += chunk.toString('latin1');
        if (output.includes('Success')) socket.destroy();
      });
      socket.on('close', () => resolve({ output, refused: undefined }));
    });
    outgoing.on('response', answer => {
      answer.resume();
      resolve({ output: '', refused: answer.statusCode });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
