import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCommandCheck } from '../../../src/adapters/process/command-check.ts';
import { createCommandExecutor } from '../../../src/adapters/process/command-executor.ts';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import { executors } from '../../../src/adapters/process/table.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { CheckContext } from '../../../src/ports/check.ts';
import type { Processes } from '../../../src/ports/processes.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { attempt, contractRun, contractTarget, type Trace } from '../../contracts/protocol.ts';

const canary = 'canary-7c1e55aa';
const [entry] = executors;
if (!entry) throw new Error('no command executor');

/** A program that switches a flag slowly, counts how often, and tells whether the flag is on. */
const flagProgram = `#!${process.execPath}
const fs = require('node:fs');
const [action, folder, text] = process.argv.slice(2);
const flag = folder + '/flag';
fs.appendFileSync(folder + '/argv', process.argv.join(' ') + '\\n');
const value = fs.existsSync(flag) ? fs.readFileSync(flag, 'utf8') : 'off';
if (action === 'look') process.exit(value === 'on' ? 0 : value === 'off' ? 1 : 2);
console.log('switching with ' + process.env.FLAG_PASSWORD);
setTimeout(() => {
  fs.appendFileSync(folder + '/effects', action + '\\n');
  fs.writeFileSync(flag, action);
}, Number(text ?? 0));
`;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function counted(): { processes: Processes; started: () => number } {
  const real = createProcesses({ path: '/usr/bin:/bin', home: tmpdir(), graceMs: 300 });
  let started = 0;
  const run: Processes['run'] = request => {
    started += 1;
    return real.run(request);
  };
  return { processes: { ...real, run }, started: () => started };
}

async function open(more: (program: string, folder: string) => JsonObject): Promise<ExecutorWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'backout-command-'));
  folders.push(folder);
  const program = join(folder, 'flag.js');
  writeFileSync(program, flagProgram);
  chmodSync(program, 0o700);
  const { processes, started } = counted();
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return {
    load: async () => createCommandExecutor({ processes, readSecret: async () => canary }),
    input: {
      argv: [program, 'on', folder, '80'],
      env: { FLAG_PASSWORD: { env: 'FLAG_PASSWORD' } },
      ...more(program, folder),
    },
    from: null,
    to: null,
    state: async () => read('flag').replace('off', ''),
    wanted: async () => 'on',
    drift: async () => writeFileSync(join(folder, 'flag'), 'between'),
    effects: async () => read('effects').split('\n').filter(Boolean).length,
    started,
    endChildren: async children => {
      for (const child of children) await processes.end(child);
    },
    traces: async () => [read('argv')],
    close: async () => {},
  };
}

const looking = (program: string, folder: string): JsonObject => ({
  observe: [program, 'look', folder],
  undo: [program, 'off', folder, '80'],
});

const shared: Omit<ExecutorHarness, 'open'> = {
  entry,
  canary,
  reversible: true,
  refusesDrift: false,
  hostile: (world, text) => [
    { ...world.input, argv: [text] },
    { ...world.input, cwd: text },
    { ...world.input, observe: [text] },
    { ...world.input, undo: [text] },
    ...(text === 'all'
      ? []
      : [
          { ...world.input, env: { [text]: 'x' } },
          { ...world.input, env: { A: { env: text } } },
        ]),
  ],
};

executorContract('command with observe and undo', { ...shared, open: () => open(looking) });

describe('a command that nobody can observe', () => {
  const drive = async (more: JsonObject, kill: 'applying' | null) => {
    const world = await open(() => more);
    const executor = await world.load();
    const plan = await executor.plan(
      { run: contractRun, target: contractTarget, signal: AbortSignal.timeout(9_000), from: null, to: null },
      world.input,
    );
    const [operation] = plan.operations;
    if (!operation) throw new Error('no operation');
    const trace: Trace = { said: [], children: [] };
    const first = await attempt(executor, operation, trace, {
      key: 'apply/0',
      fence: 1,
      resume: false,
      ...(kill ? { kill: { at: kill, afterMs: 60 } } : {}),
    });
    const end =
      first === 'killed'
        ? await attempt(await world.load(), operation, trace, { key: 'apply/0', fence: 2, resume: true })
        : first;
    return { plan, end, effects: await world.effects?.() };
  };

  it('is taken at its exit code', async () => {
    const { plan, end, effects } = await drive({}, null);
    expect({ end, effects }).toEqual({ end: 'done', effects: 1 });
    expect(plan.warnings.map(warning => warning.code)).toEqual(['command-may-stop']);
  });

  it('stops for a person after a crash in the middle, and runs again where it is declared idempotent', async () => {
    expect(await drive({}, 'applying')).toMatchObject({ end: 'stopped' });
    expect(await drive({ idempotent: true }, 'applying')).toMatchObject({ end: 'done' });
  });
});

describe('the command check', () => {
  const judge = async (script: string, more: JsonObject = {}) => {
    let now = 0;
    const { processes } = counted();
    const check = createCommandCheck({ processes, readSecret: async () => canary, clock: { now: () => now } });
    const context = { signal: AbortSignal.timeout(15_000) } as CheckContext;
    const ask = check.start(context, { argv: [process.execPath, '-e', script], ...more });
    for (;;) {
      const last = await ask();
      if (last.status !== 'waiting')
        return `${last.status} ${last.note.code} ${last.note.detail ?? last.note.facts?.fields ?? ''}`;
      now += 60_000;
    }
  };
  const fields = { json: [{ path: 'rate', atMost: 0.05 }] };
  it.each([
    ['passes on its exit code', 'process.exit(0)', {}, /^passed command-check-passed/],
    [
      'fails on another, with the last words',
      'console.error("no way"); process.exit(4)',
      {},
      /^failed command-check-exit no way/,
    ],
    ['passes on fields', 'console.log(JSON.stringify({ rate: 0.01 }))', fields, /^passed/],
    [
      'fails on fields',
      'console.log(JSON.stringify({ rate: 0.2 }))',
      fields,
      /^failed command-check-fields rate is 0.2/,
    ],
    ['fails without JSON', 'console.log("fine")', fields, /^failed command-check-no-json/],
    ['tells no secret', 'console.log(process.env.A); process.exit(1)', { env: { A: { env: 'A' } } }, /\[redacted\]/],
  ])('%s', async (_what, script, more, outcome) => {
    expect(await judge(script, more)).toMatch(outcome);
  });

  it('asks again as often as it may not pass', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'backout-command-'));
    folders.push(folder);
    const file = JSON.stringify(join(folder, 'asked'));
    const script = `const fs = require('node:fs'); fs.appendFileSync(${file}, 'x'); process.exit(fs.readFileSync(${file}, 'utf8').length < 3 ? 1 : 0)`;
    expect(await judge(script, { attempts: 3 })).toMatch(/^passed/);
    expect(await judge('process.exit(1)', { attempts: 2 })).toMatch(/^failed/);
  });
});
