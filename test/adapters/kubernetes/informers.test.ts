import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/adapters/kubernetes/connect.ts';
import type { InformerTimes } from '../../../src/adapters/kubernetes/informer.ts';
import { createInformers } from '../../../src/adapters/kubernetes/informers.ts';
import { eventually } from '../../cluster/eventually.ts';
import { scriptedApi } from './scripted-api.ts';

const times: InformerTimes = {
  silenceMs: 60_000,
  leastAgainMs: 1,
  mostAgainMs: 5,
  refusedMs: 60_000,
  idleMs: 60_000,
  patienceMs: 2_000,
  watchMs: 60_000,
};
const place = { deployment: 'shop', namespace: 'shop', context: null, kubeconfig: null };
const open: AbortController[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});

/** An informed connection to a scripted server, and what it heard. */
async function informed(api: ReturnType<typeof scriptedApi>, other: Partial<InformerTimes> = {}) {
  const until = new AbortController();
  open.push(until);
  const heard: string[] = [];
  const openInformed = createInformers(async () => api.connection, { ...times, ...other });
  const openAs = (who: string) => openInformed(place, { until: until.signal, heard: () => heard.push(who) });
  return { connection: await openAs('me'), openAs, heard, until };
}

const signal = new AbortController().signal;
const paths: Readonly<Record<string, string>> = {
  pods: '/api/v1/namespaces/shop/pods',
  configmaps: '/api/v1/namespaces/shop/configmaps',
  secrets: '/api/v1/namespaces/shop/secrets',
};
const ask = (connection: Connection, resource: string, verb: 'get' | 'list', rest = '') =>
  connection.read({ verb, resource, namespace: 'shop', path: `${paths[resource]}${rest}`, signal });
const get = (connection: Connection, resource: string, name: string) => ask(connection, resource, 'get', `/${name}`);

/** What is answered without a word to the server, once that is possible; `undefined` for an object that is not there. */
async function fromMemory(api: ReturnType<typeof scriptedApi>, read: () => Promise<unknown>): Promise<unknown> {
  const found = await eventually('an answer out of memory', async () => {
    const before = api.seen.length;
    const answer = await read().catch(() => undefined);
    return api.seen.length === before ? { answer } : undefined;
  });
  return found.answer;
}

const namesOf = (answer: unknown) =>
  (answer as { items: { metadata: { name: string; resourceVersion: string } }[] }).items.map(
    ({ metadata: { name, resourceVersion } }) => `${name} ${resourceVersion}`,
  );

describe('informers', () => {
  it('hold what the list holds after any sequence of events, cuts, expired versions and garbled lines', async () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(fc.constant('put' as const), name, fc.constantFrom('x', 'y')) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('remove' as const), name) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom('cut', 'expire', 'bookmark', 'garble', 'look', 'wait' as const)),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const api = scriptedApi();
        const { connection, until } = await informed(api);
        await ask(connection, 'pods', 'list');
        for (const one of steps) {
          if (one[0] === 'put') api.put(one[1], {}, { app: one[2] });
          else if (one[0] === 'remove') api.remove(one[1]);
          else if (one[0] === 'look') await ask(connection, 'pods', 'list');
          else if (one[0] === 'wait') await delay(2);
          else if (one[0] === 'expire') {
            api.cut();
            api.put('a');
            api.forget();
          } else api[one[0]]();
        }
        const told = async (rest: string, meant: (app: unknown) => boolean) => {
          const list = namesOf({ items: api.all().filter(one => meant(one?.metadata.labels.app)) });
          const same = async () => {
            const held = namesOf(await fromMemory(api, () => ask(connection, 'pods', 'list', rest)));
            return held.join() === list.join();
          };
          await eventually(`${list.join()} for ${rest}`, same, 3_000);
        };
        await told('', () => true);
        for (const app of ['x', 'y']) await told(`?labelSelector=app%3D${app}`, label => label === app);
        until.abort();
        await eventually('the watch to end', async () => (api.watching() === 0 ? true : undefined));
      }),
      { numRuns: 60 },
    );
  });

  it('are one for a kind and namespace, whoever asks; the first look waits for it and asks nothing besides', async () => {
    const api = scriptedApi();
    for (const name of ['a', 'b', 'c']) api.put(name, {}, { app: name });
    const { openAs } = await informed(api);
    const [one, two] = [await openAs('one'), await openAs('two')];
    const [a, b] = await Promise.all([
      ask(one, 'pods', 'list', '?labelSelector=app%3Da'),
      ask(two, 'pods', 'list', '?labelSelector=app%3Db'),
    ]);
    expect([namesOf(a), namesOf(b)]).toEqual([['a 2'], ['b 3']]);
    expect(api.seen.map(line => line.replace(/timeoutSeconds=\d+/, 'timeoutSeconds=N'))).toEqual([
      'list /api/v1/namespaces/shop/pods?limit=200',
      'list /api/v1/namespaces/shop/pods?limit=200&continue=2',
      'watch /api/v1/namespaces/shop/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=N&resourceVersion=4',
    ]);
  });

  it('are left aside where the right to watch is missing, and not asked for again at once', async () => {
    const api = scriptedApi();
    api.put('map', { MODE: 'old' });
    api.refuse(403);
    const { connection } = await informed(api);
    for (const _ of [1, 2, 3])
      expect(await get(connection, 'configmaps', 'map')).toMatchObject({ data: { MODE: 'old' } });
    const gets = Array(3).fill('get /api/v1/namespaces/shop/configmaps/map');
    expect(api.seen).toEqual(['list /api/v1/namespaces/shop/configmaps?limit=200', ...gets]);
  });

  it('come back soon where a server that has just begun refuses what it allowed before', async () => {
    const api = scriptedApi();
    api.put('a');
    const { connection } = await informed(api);
    await ask(connection, 'pods', 'list');
    api.refuse(403);
    api.cut();
    await eventually('that it is refused', async () => (api.watching() === 0 ? true : undefined));
    await delay(20);
    api.refuse(null);
    expect(await fromMemory(api, () => ask(connection, 'pods', 'list'))).toBeDefined();
  });

  it('never list Secrets and watch only those that are named, one that is not there as well', async () => {
    const api = scriptedApi();
    api.put('login', { password: 'b2xk' });
    api.put('other', { password: 'bm9uZQ==' });
    const { connection, heard } = await informed(api);
    const login = () => get(connection, 'secrets', 'login');
    expect(await fromMemory(api, login)).toMatchObject({ data: { password: 'b2xk' } });
    await expect(get(connection, 'secrets', 'late')).rejects.toMatchObject({ status: 404 });
    api.bookmark();
    expect(await fromMemory(api, () => get(connection, 'secrets', 'late'))).toBeUndefined();
    heard.length = 0;
    api.put('late', { token: 'bmV3' });
    expect(heard).toEqual(['me']);
    expect(await fromMemory(api, () => get(connection, 'secrets', 'late'))).toMatchObject({ data: { token: 'bmV3' } });
    api.put('login', { password: 'bmV3' });
    expect(await fromMemory(api, login)).toMatchObject({ data: { password: 'bmV3' } });
    expect(api.seen.filter(line => /^list|other/.test(line))).toEqual([]);
    expect(api.seen.filter(line => line.startsWith('watch') && !line.includes('fieldSelector'))).toEqual([]);
  });

  it('hold the content of those ConfigMaps alone that somebody named', async () => {
    const api = scriptedApi();
    api.put('mine', { MODE: 'old' });
    const { connection } = await informed(api);
    const mine = () => get(connection, 'configmaps', 'mine');
    expect(await mine()).toMatchObject({ data: { MODE: 'old' } });
    expect(api.seen.filter(line => line.startsWith('get'))).toHaveLength(1);
    expect(await fromMemory(api, mine)).toMatchObject({ data: { MODE: 'old' } });
    api.put('mine', { MODE: 'new' });
    expect(await fromMemory(api, mine)).toMatchObject({ data: { MODE: 'new' } });
    api.put('later', { MODE: 'new' });
    await expect(get(connection, 'configmaps', 'gone')).rejects.toMatchObject({ status: 404 });
    expect(await get(connection, 'configmaps', 'later')).toMatchObject({ data: { MODE: 'new' } });
    expect(api.seen.filter(line => line.startsWith('get'))).toHaveLength(2);
  });

  it('tell once after a look that what it read by name has changed or gone', async () => {
    const api = scriptedApi();
    api.put('a');
    api.put('b');
    const { openAs, heard } = await informed(api);
    const [one, two] = [await openAs('one'), await openAs('two')];
    for (const _ of [1, 2]) await get(one, 'configmaps', 'a');
    await get(two, 'configmaps', 'b');
    api.put('a');
    api.put('a');
    expect(heard).toEqual(['one']);
    api.remove('b');
    expect(heard).toEqual(['one', 'two']);
    await get(one, 'configmaps', 'a');
    api.forget();
    api.put('a');
    expect(heard).toEqual(['one', 'two', 'one']);
  });

  it('take a watch that falls silent for dead, end where nobody asks, and end with who follows', async () => {
    const silent = scriptedApi();
    const { connection } = await informed(silent, { silenceMs: 30 });
    await ask(connection, 'pods', 'list');
    const watches = () => silent.seen.filter(line => line.startsWith('watch')).length;
    await eventually('another watch', async () => (watches() > 1 ? true : undefined));
    expect(silent.seen.filter(line => line.startsWith('list')).length).toBe(1);
    const unasked = scriptedApi();
    const left = await informed(unasked, { silenceMs: 30, idleMs: 100 });
    await ask(left.connection, 'pods', 'list');
    await eventually('the end', async () => (unasked.watching() === 0 ? true : undefined));
    await delay(150);
    expect(unasked.watching()).toBe(0);
    const followed = scriptedApi();
    const { connection: mine, until } = await informed(followed);
    await ask(mine, 'pods', 'list');
    expect(followed.watching()).toBe(1);
    until.abort();
    expect(followed.watching()).toBe(0);
    followed.put('a');
    expect(namesOf(await ask(mine, 'pods', 'list'))).toEqual(['a 2']);
  });
});
