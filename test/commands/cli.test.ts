import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountName, actingUid } from '../../commands/cli/account.ts';
import { readArguments } from '../../commands/cli/arguments.ts';
import type { CliDeps, Engine } from '../../commands/cli/deps.ts';
import { runCli } from '../../commands/cli/index.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import { logsName } from '../../src/domain/post.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import { drawPosts } from '../../src/main/draw.ts';
import type { FindingData } from '../../templates/data.ts';
import { keptInMemory } from '../fakes/kept-texts.ts';
import { type Door, openDoor, runOf } from './door.ts';

let door: Door;
const kept = keptInMemory();
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());
beforeEach(() => door.reset());

/** What the command line opens. */
const engine = (): Engine => ({
  ...door.deps,
  routes: door.routes,
  draw: drawPosts({ ...door.deps, kept }),
  close: async () => undefined,
});

/** Runs the command line as an account; what it wrote is kept. */
async function backout(account: string | null, argv: readonly string[], over: Partial<CliDeps> = {}) {
  const written = { out: [] as string[], err: [] as string[], trouble: [] as unknown[] };
  const deps: CliDeps = {
    out: text => void written.out.push(text),
    err: text => void written.err.push(text),
    trouble: failure => void written.trouble.push(failure),
    account: () => account,
    locale: 'en',
    version: '0.1.0',
    clock: door.deps.clock,
    requestId: randomUUID,
    pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
    interrupted: new AbortController().signal,
    open: async () => engine(),
    check: async () => ({ kind: 'fine', file: 'backout.yaml', catalogue: door.catalogue, warnings: [] }),
    schema: () => ({ type: 'object' }),
    probes: async () => [],
    starter: ({ service, account: by }) => ({ 'backout.yaml': `# ${service} ${by}`, 'slack-manifest.json': '{}' }),
    discover: async ({ namespaces }) => {
      const found = namespaces.includes('empty') ? 0 : 2;
      const named = !namespaces.includes('long-names') && found > 0;
      return { found, files: named ? { 'backout.discovered.yaml': namespaces.join(' ') } : {} };
    },
    writeNew: async () => true,
    start: async () => 0,
    demo: async () => 0,
    ...over,
  };
  const code = await runCli(deps, argv);
  return { code, out: written.out.join('\n'), err: written.err.join('\n'), trouble: written.trouble };
}

describe('who acts', () => {
  it.each([
    [{ uid: 1000, sudoUid: undefined }, 1000],
    [{ uid: 1000, sudoUid: '0' }, 1000],
    [{ uid: 0, sudoUid: '1000' }, 1000],
    [{ uid: 0, sudoUid: undefined }, 0],
    [{ uid: 0, sudoUid: 'mara' }, 0],
    [{ uid: 0, sudoUid: '-1' }, 0],
  ])('%j is %d', (ids, uid) => {
    expect(actingUid(ids)).toBe(uid);
  });

  it('is named by the password file alone', () => {
    const passwd = 'root:x:0:0:root:/root:/bin/bash\nmara:x:1000:1000:Mara,,,:/home/mara:/bin/zsh\nbroken\n';
    expect([0, 1000, 4242].map(uid => accountName(passwd, uid))).toEqual(['root', 'mara', null]);
  });

  it.each([['nobody'], [null]])('the account %j is refused with a plain sentence', async account => {
    const { code, err } = await backout(account, ['status']);
    expect(code).toBe(1);
    expect(err).toContain('is not listed in the catalogue as a person');
  });

  it('is the same person as in Slack: the requester cannot approve from a terminal', async () => {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because payments fail')));
    const { code, err } = await backout('mara', ['approve', run.id]);
    expect(code).toBe(1);
    expect(err).toContain('you asked for this rollback');
  });
});

describe('exit codes', () => {
  const rows: readonly (readonly [string, string, readonly string[], number, RegExp])[] = [
    ['done', 'mara', ['status'], 0, /./],
    ['a request', 'mara', ['cart-web', 'level', '2', 'because', 'payments', 'fail'], 0, /is taken/],
    ['not allowed', 'mara', ['freeze', 'cart-web', 'because', 'quarter close'], 1, /may not do this/],
    ['unknown service', 'mara', ['chekout-api', 'because', 'abc'], 2, /Did you mean.*checkout-api/s],
    ['missing environment', 'mara', ['checkout-api', 'because', 'abc'], 2, /which environment/],
    ['unknown run', 'mara', ['show', 'R-ZZZZ'], 2, /no run is called/],
    ['no such topic', 'mara', ['help', 'nonsense'], 2, /Usage/],
    ['help', 'nobody', ['help'], 0, /Exit code/],
    ['no arguments', 'nobody', [], 0, /Usage: backout/],
    ['help of a topic', 'nobody', ['help', 'freeze'], 0, /freeze/i],
    ['version', 'nobody', ['--version'], 0, /^0\.1\.0$/m],
    ['schema', 'nobody', ['schema'], 0, /"type"/],
    ['check', 'nobody', ['check'], 0, /nothing wrong, 5 services/],
    ['discover', 'nobody', ['discover', 'shop'], 0, /Found 2 workloads\.\nWrote backout\.discovered\.yaml\.\nNext/],
    [
      'discover nothing',
      'nobody',
      ['discover', 'empty'],
      1,
      /Found 0 workloads\.\nLooked in empty, in the current context/,
    ],
    ['discover no name', 'nobody', ['discover', 'long-names'], 1, /Found 2 workloads\.\nNothing was written: .*63/],
    ['init', 'nobody', ['init', 'shop'], 0, /Wrote backout.yaml and slack-manifest.json/],
  ];
  it.each(rows)('%s', async (_name, account, argv, code, said) => {
    const done = await backout(account, argv);
    expect(done.trouble).toEqual([]);
    expect(`${done.out}${done.err}`).toMatch(said);
    expect(done.code).toBe(code);
  });

  it('3 where the store is away', async () => {
    const open = () => Promise.reject(new Refusal(reason('not-confirmed')));
    const { code, err } = await backout('mara', ['cart-web', 'because', 'abc'], { open });
    expect(code).toBe(3);
    expect(err).toContain('Not confirmed');
  });

  it('3 where the store never answers, and where it never lets go the answer stands', async () => {
    const pause = () => sleep(20);
    const never = new Promise<never>(() => undefined);
    expect(await backout('mara', ['status'], { open: () => never, pause })).toMatchObject({ code: 3 });
    const stuck = async () => ({ ...engine(), close: () => never });
    const later = () => sleep(2_000);
    expect(await backout('mara', ['status'], { open: stuck, pause: later })).toMatchObject({ code: 0 });
  });

  it('3 where Backout itself fails, without its inner words', async () => {
    const routes = { ...door.routes, command: () => Promise.reject(new Error('boom')) };
    const open = async () => ({ ...engine(), routes });
    const { code, err, trouble } = await backout('mara', ['status'], { open });
    expect(code).toBe(3);
    expect(trouble).toEqual([new Error('boom')]);
    expect(err).not.toContain('boom');
  });

  it('1 where a file of init is there already, and it is left alone', async () => {
    const { code, out } = await backout('mara', ['init'], { writeNew: async file => file !== 'backout.yaml' });
    expect(code).toBe(1);
    expect(out).toContain('backout.yaml is there already');
    expect(out).toContain('Wrote slack-manifest.json');
  });

  it('1 where the catalogue is broken, with every problem', async () => {
    const problem = { line: 3, column: 5, path: 'services', message: 'unknown step', suggestion: null };
    const data = { file: 'backout.yaml', problems: [problem, { ...problem, line: 9 }], kept: false };
    const { code, err } = await backout('mara', ['check'], { check: async () => ({ kind: 'broken', data }) });
    expect(code).toBe(1);
    expect(err).toMatch(/3.*5[\s\S]*9.*5/);
  });

  it('of doctor: 1 as soon as something is broken', async () => {
    const finding = { subject: 'Redis', message: 'no persistence', remedy: 'turn it on' };
    const found = (...states: FindingData['state'][]) => [
      { subject: 'Redis', look: async () => states.map(state => ({ ...finding, state })) },
    ];
    expect(await backout('x', ['doctor'], { probes: async () => found('ok', 'warning') })).toMatchObject({ code: 0 });
    const silent = { subject: 'Kubernetes', look: () => Promise.reject(new Error('an answer of another shape')) };
    const unknown = await backout('x', ['doctor'], { probes: async () => [...found('ok'), silent] });
    expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining('Kubernetes: could not be looked at') });
    expect(unknown.out).not.toContain('All that was looked at works');
    const broken = await backout('x', ['doctor'], { probes: async () => found('broken') });
    expect(broken).toMatchObject({ code: 1, out: expect.stringContaining('turn it on') });
  });
});

describe('gate for pipelines', () => {
  it('answers by exit code and reason', async () => {
    const identity = { commit: 'a'.repeat(40) };
    const at = Date.now();
    const deployed = { kind: 'deployed', key: 'k2140', version: '2.14.0', identity, status: 'succeeded' } as const;
    await door.deps.releases.learn(runTarget, [{ ...deployed, by: null, at, url: null }]);
    expect(await backout('mara', ['gate', 'cart-web', '2.14.0'])).toMatchObject({ code: 0 });
    expect(await backout('mara', ['hold', 'cart-web', '2.14.0', 'because', 'it fails'])).toMatchObject({ code: 0 });
    const held = await backout('ci', ['gate', 'cart-web', '2.14.0']);
    expect(held).toMatchObject({ code: 1, err: expect.stringContaining('hold') });
    expect(await backout('mara', ['gate', 'cart-web', '2.15.0'])).toMatchObject({ code: 0 });
    const data = JSON.parse((await backout('mara', ['gate', 'cart-web', 'a'.repeat(40), '--json'])).out);
    expect(data).toMatchObject({ outcome: 'refused', data: { stop: { kind: 'hold' } } });
    expect(await backout('mara', ['release-hold', 'cart-web'])).toMatchObject({ code: 0 });
    expect(await backout('mara', ['gate', 'cart-web', '2.14.0'])).toMatchObject({ code: 0 });
  });
  const runTarget = 'cart-web/production' as never;
});

describe('the day Slack is down', () => {
  it('a run is asked for, shown, approved and watched from terminals', async () => {
    const asked = await backout('mara', ['cart-web', 'level', '2', 'because', 'payments fail', '--json']);
    const id = JSON.parse(asked.out).run;
    await door.ask(id);
    expect(await backout('jon', ['show', shortRunId(id)])).toMatchObject({
      code: 0,
      out: expect.stringContaining('2.14.0 → 2.13.2'),
    });
    let looks = 0;
    const pause = async () => {
      looks += 1;
      if (looks === 2)
        await door.drive(id, [
          { kind: 'preflight-started', worker: 'w1', fence: 1, status: 'preflight' },
          { kind: 'ended', status: 'failed', reason: reason('permission-missing'), by: { kind: 'system', name: 'w1' } },
        ]);
    };
    const done = await backout('jon', ['approve', shortRunId(id), '--watch'], { pause });
    expect(done.out).toMatch(/Your approval counts[\s\S]*@Jon approved[\s\S]*NOT DONE, NOTHING CHANGED/);
    expect(done.code).toBe(1);
  });

  it('a box is shown with its number and answered by it or by its id, once, by who may', async () => {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because payments fail')));
    const tick = (who: string, ...rest: readonly string[]) => backout(who, ['tick', shortRunId(run.id), ...rest]);
    expect(await backout('jon', ['approve', run.id])).toMatchObject({ code: 0 });
    expect(await tick('mara', '1', 'yes')).toMatchObject({ code: 1, err: expect.stringContaining('out of date') });
    const verifying = await door.drive(run.id, [
      { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' },
      { kind: 'execution-started', status: 'executing' },
      { kind: 'executed', status: 'verifying' },
    ]);
    const { permissions } = door.catalogue;
    await door.publish({ ...door.catalogue, hash: 'narrow', permissions: { ...permissions, request: ['sre-oncall'] } });
    const shown = await backout('mara', ['show', run.id]);
    expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('Look yourself, box 1: Payments work') });
    const rows = [
      ['mara', ['2', 'yes'], 2, /`?2`?; it is written like 1/],
      ['mara', ['0', 'yes'], 2, /not understood/],
      ['mara', ['1', 'perhaps'], 2, /perhaps.*yes \| no/],
      ['mara', ['1'], 2, /missing: yes \| no/],
      ['mara', [], 2, /missing: N/],
      ['dana', ['1', 'yes'], 1, /may not do this/],
      ['nobody', ['1', 'yes'], 1, /is not listed/],
    ] as const;
    for (const [who, rest, code, said] of rows)
      expect(await tick(who, ...rest)).toMatchObject({ code, err: expect.stringMatching(said) });
    expect((await door.run(run.id)).version).toBe(verifying.version);
    const ticked = await tick('jon', 'box', 'no');
    expect(ticked).toMatchObject({ code: 0, out: expect.stringContaining('Payments work: you said that it does not') });
    expect((await door.run(run.id)).ticks).toEqual({ box: false });
    expect(await tick('mara', '1', 'yes')).toMatchObject({ code: 1, err: expect.stringContaining('decided already') });
    expect((await backout('mara', ['show', run.id])).out).not.toContain('box 1');
  });

  it('a long answer reaches a reader that takes its time', async () => {
    const program = join(import.meta.dirname, '../../bin/backout.mjs');
    const child = spawn(process.execPath, [program, 'schema'], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Nothing is read until the program is gone, or waits for its reader.
    await Promise.race([once(child, 'exit'), sleep(3_000)]);
    let text = '';
    for await (const part of child.stdout.setEncoding('utf8')) text += part;
    expect(JSON.parse(text)).toHaveProperty('$schema');
  });

  it('`logs` waits for a worker and prints what it saw; without one it says so', async () => {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because payments fail')));
    let looks = 0;
    const pause = async () => {
      looks += 1;
      if (looks !== 2) return;
      const { events } = (await door.deps.runs.read(run.id)) ?? { events: [] };
      const asked = events.findLast(event => event.kind === 'logs-asked')?.version ?? 0;
      await kept.keep(logsName(run.id, asked), 'cart-web: 2 of 2 pods ready\u001b[2J\n', 60_000);
      await door.drive(run.id, [{ kind: 'logs-kept', asked, reason: null }]);
    };
    const seen = await backout('mara', ['日志', shortRunId(run.id)], { pause });
    expect(seen).toMatchObject({ code: 0, out: 'cart-web: 2 of 2 pods ready\ufffd[2J\n' });
    expect(seen.err).toContain(`Waiting for ${shortRunId(run.id)}`);
    const silent = await backout('mara', ['logs', shortRunId(run.id)], { pause: () => door.pass(30_001) });
    expect(silent).toMatchObject({ code: 3, err: expect.stringContaining(`backout logs ${shortRunId(run.id)}`) });
  });

  it('Ctrl-C stops the waiting and leaves the run going', async () => {
    const stop = new AbortController();
    const pause = async () => stop.abort();
    const argv = ['cart-web', 'level', '2', '--watch', 'because', 'payments fail'];
    const done = await backout('mara', argv, { pause, interrupted: stop.signal });
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('The run goes on') });
    expect(await door.runs()).toMatchObject([{ status: 'requested' }]);
  });

  it('rejecting needs a reason, and a short id that fits several runs lists them', async () => {
    const id = runOf(await door.type('mara', 'cart-web level 2 because payments fail'));
    await door.ask(id);
    expect(await backout('jon', ['reject', id])).toMatchObject({ code: 2, err: expect.stringContaining('say why') });
    expect(await backout('jon', ['reject', id, 'because', 'not now'])).toMatchObject({ code: 0 });
    expect((await door.run(id)).status).toBe('rejected');
  });
});

describe('arguments', () => {
  it.each([
    [['status', '--json'], { name: 'status', text: 'status', json: true }],
    [
      ['a', '--watch', 'because', 'say', '--json', 'twice'],
      { text: 'a because say --json twice', json: false, watch: true },
    ],
    [['a', 'because', 'two words'], { text: 'a because "two words"' }],
    [['a', 'because', 'say "it"'], { text: 'a because «say "it"»' }],
    [['--help'], { name: null, help: true }],
    [[], { name: null, text: '' }],
  ])('%j', (argv, expected) => {
    expect(readArguments(argv)).toMatchObject(expected);
  });
});

describe('the launcher', () => {
  const launcher = join(import.meta.dirname, '../../bin/backout.mjs');
  const program = (what: string) => `console.log('${what}', process.argv.slice(2).join(' '));`;
  const rows: readonly (readonly [string, string, Readonly<Record<string, string>>, RegExp])[] = [
    [
      'a checkout runs its source',
      '.',
      { 'src/main.ts': program('source'), 'dist/src/main.js': program('built') },
      /^source status/,
    ],
    [
      'a package runs what was built',
      'node_modules/backout',
      { 'src/main.ts': '', 'dist/src/main.js': program('built') },
      /^built status/,
    ],
    ['nothing built is said', '.', {}, /not built/],
  ];
  it.each(rows)('%s', async (_name, under, files, expected) => {
    const folder = await mkdtemp(join(tmpdir(), 'backout-launcher-'));
    for (const [file, text] of Object.entries({ ...files, 'package.json': '{"type":"module"}' })) {
      await mkdir(dirname(join(folder, under, file)), { recursive: true });
      await writeFile(join(folder, under, file), text);
    }
    await mkdir(join(folder, under, 'bin'), { recursive: true });
    await copyFile(launcher, join(folder, under, 'bin/backout.mjs'));
    const argv = [join(folder, under, 'bin/backout.mjs'), 'status'];
    const done = await promisify(execFile)(process.execPath, argv).catch(failure => failure);
    await rm(folder, { recursive: true });
    expect(`${done.stdout}${done.stderr}`).toMatch(expected);
  });
});
