import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { restoreKeys, setKeys } from '../../../src/adapters/env-file/change.ts';
import { keepBackup, readEnvFile, replaceText } from '../../../src/adapters/env-file/disk.ts';
import { joinParts, meaningOf, parseEnvFile, writeValue } from '../../../src/adapters/env-file/parse.ts';
import { createEnvFileExecutor } from '../../../src/adapters/env-file/set.ts';
import { executors } from '../../../src/adapters/env-file/table.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import { executorContract } from '../../contracts/executor.ts';
import { contractRun, contractTarget } from '../../contracts/protocol.ts';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'backout-env-file-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const canary = 'canary-91f0c2de';
const [entry] = executors;
if (!entry) throw new Error('no env-file executor');

/** CRLF, duplicates, quotes, export, a multi-line value, no line end at the end, a mode of its own, behind a symlink. */
const original =
  '# flags of the gateway\r\nexport WS_GATEWAY_ONLY_MODE="true" # normal\r\nWS_STRICT_MODE=true\r\n\r\nPEM="-----BEGIN\r\nWS_STRICT_MODE=inside\r\n-----END"\r\n  WS_STRICT_MODE = \'true\'\r\nGATEWAY_TOKEN=old-canary-token\r\nLAST=x';
const wanted =
  '# flags of the gateway\r\nexport WS_GATEWAY_ONLY_MODE="false" # normal\r\nWS_STRICT_MODE=false\r\n\r\nPEM="-----BEGIN\r\nWS_STRICT_MODE=inside\r\n-----END"\r\n  WS_STRICT_MODE = \'false\'\r\nGATEWAY_TOKEN=canary-91f0c2de\r\nLAST=x\r\nWS_ALLOW_LEGACY_FALLBACK=true\r\n';

executorContract('env-file.set', {
  entry,
  canary,
  reversible: true,
  refusesDrift: true,
  killAfterMs: [0, 1, 3],
  hostile: (world, text) => [
    { ...world.input, file: text },
    { ...world.input, use: text },
    ...(text === 'all' ? [] : [{ ...world.input, set: { [text]: 'x' } }]),
  ],
  open: async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'real'));
    const real = join(folder, 'real', 'service.env');
    const file = join(folder, '.env');
    writeFileSync(real, original);
    chmodSync(real, 0o640);
    symlinkSync(real, file);
    const state = (text: string) => ({ text, mode: 0o640, link: true });
    return {
      load: async () => createEnvFileExecutor({ readSecret: async () => canary }),
      input: {
        file,
        sets: {
          normal: { WS_GATEWAY_ONLY_MODE: true, WS_STRICT_MODE: true },
          emergency: { WS_GATEWAY_ONLY_MODE: false, WS_ALLOW_LEGACY_FALLBACK: true, WS_STRICT_MODE: false },
        },
        use: 'emergency',
        set: { GATEWAY_TOKEN: { env: 'GATEWAY_TOKEN' } },
      },
      from: null,
      to: null,
      state: async () => ({
        text: readFileSync(file, 'utf8'),
        mode: statSync(real).mode & 0o777,
        link: lstatSync(file).isSymbolicLink(),
      }),
      wanted: async () => state(wanted),
      drift: async () => writeFileSync(real, original.replace('WS_STRICT_MODE=true', 'WS_STRICT_MODE=maybe')),
      started: () => 0,
      traces: async () => readdirSync(join(folder, 'real')),
      close: async () => {},
    };
  },
});

describe('an env file', () => {
  it('is put together again byte for byte, whatever it holds', () => {
    const piece = fc.constantFrom(
      'A=1',
      'export B',
      '=',
      "'",
      '"',
      '`',
      '\\',
      '#',
      ' ',
      '\t',
      '\r\n',
      '\n',
      '\r',
      'KEY = v # c',
      '"\n"',
      '\0',
      'ä',
    );
    fc.assert(
      fc.property(
        fc.array(piece).map(pieces => pieces.join('')),
        text => joinParts(parseEnvFile(text)) === text,
      ),
    );
  });

  it('set and restored is the same file, byte for byte', () => {
    const line = fc.constantFrom(
      'A=1',
      'A="two"',
      "export A='x' # c",
      'B=2',
      '# A=9',
      '',
      'M="a\nA=inside\nb"',
      'C=3',
      'junk',
    );
    const file = fc.tuple(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.boolean());
    fc.assert(
      fc.property(file, fc.stringMatching(/^[a-z ]{0,6}$/), ([lines, eol, closed], value) => {
        const text = lines.join(eol) + (closed && lines.length > 0 ? eol : '');
        const keys = { A: value, D: 'new' };
        const changed = setKeys(text, keys);
        expect(setKeys(changed, keys)).toBe(changed);
        expect(restoreKeys(changed, text, ['A', 'D'])).toBe(text);
      }),
    );
  });

  it.each([
    ['plain', null, 'plain'],
    ['two words', null, '"two words"'],
    ['it$elf', null, "'it$elf'"],
    ['a#b', null, '"a#b"'],
    ['false', '"true"', '"false"'],
    ['false', "'true'", "'false'"],
    ["it's", "'x'", '"it\'s"'],
    ['both \' and "', null, null],
    ['two\nlines', null, null],
  ])('writes %j beside %j as %j', (value, like, written) => {
    expect(writeValue(value, like)).toBe(written);
    if (written !== null) expect(meaningOf(written)).toBe(value);
  });

  it('keeps what another person changed meanwhile when it is put back', () => {
    const before = 'A=1\nB=2\n';
    const changed = setKeys(before, { A: '9', C: 'new' });
    expect(restoreKeys(changed.replace('B=2', 'B=7'), before, ['A', 'C'])).toBe('A=1\nB=7\n');
  });

  it('a change between reading and replacing is refused and nothing is left behind', async () => {
    const folder = newFolder();
    const file = join(folder, '.env');
    writeFileSync(file, 'A=1\n');
    const read = await readEnvFile(file);
    writeFileSync(file, 'A=2\n');
    await expect(replaceText(read, 'A=3\n', `${file}.part`, AbortSignal.timeout(5_000))).rejects.toBeInstanceOf(
      Refusal,
    );
    expect([readdirSync(folder), readFileSync(file, 'utf8')]).toEqual([['.env'], 'A=2\n']);
  });

  it('its backup is made once, with the same mode; a repeat keeps the first', async () => {
    const folder = newFolder();
    const file = join(folder, '.env');
    writeFileSync(file, 'A=1\n', { mode: 0o600 });
    await keepBackup(await readEnvFile(file), `${file}.bak`);
    writeFileSync(file, 'A=2\n');
    await keepBackup(await readEnvFile(file), `${file}.bak`);
    expect(readFileSync(`${file}.bak`, 'utf8')).toBe('A=1\n');
    expect(statSync(`${file}.bak`).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.bak.part`)).toBe(false);
  });

  it('readers never see a torn file while it is replaced again and again', async () => {
    const folder = newFolder();
    const file = join(folder, '.env');
    const texts = [`A=1\n${'#'.repeat(20_000)}\n`, `A=2\n${'#'.repeat(30_000)}\n`];
    writeFileSync(file, texts[0] ?? '');
    let done = false;
    const replacing = (async () => {
      for (let turn = 1; turn <= 60; turn += 1)
        await replaceText(await readEnvFile(file), texts[turn % 2] ?? '', `${file}.part`, AbortSignal.timeout(20_000));
      done = true;
    })();
    let torn = 0;
    while (!done) {
      if (!texts.includes(readFileSync(file, 'utf8'))) torn += 1;
      await new Promise(resolve => setImmediate(resolve));
    }
    await replacing;
    expect(torn).toBe(0);
  });

  it('shows no value of a secret name in its diff, and the old and new of the others', async () => {
    const file = join(newFolder(), '.env');
    writeFileSync(file, 'MODE=on\nAPI_TOKEN=hunter2\nDB=postgres://u:pw@db/x\n');
    const executor = createEnvFileExecutor({ readSecret: async () => canary });
    const context = {
      run: contractRun,
      target: contractTarget,
      signal: AbortSignal.timeout(5_000),
      from: null,
      to: null,
    };
    const plan = await executor.plan(context, { file, set: { MODE: 'off', API_TOKEN: { env: 'X' }, DB: 'none' } });
    expect(plan.operations[0]?.preview.diff.split('\n').slice(2)).toEqual([
      '-MODE=on',
      '+MODE=off',
      '-API_TOKEN=(hidden)',
      '+API_TOKEN=(hidden, changed)',
      '-DB=(hidden)',
      '+DB=none',
    ]);
    expect(JSON.stringify(plan)).not.toMatch(/hunter2|u:pw/);
    writeFileSync(file, `MODE=off\nAPI_TOKEN=${canary}\nDB=none\n`);
    expect((await executor.plan(context, { file, set: { MODE: 'off', DB: 'none' } })).operations).toEqual([]);
  });

  it.each([
    ['a folder', (folder: string) => folder],
    ['a missing file', (folder: string) => join(folder, 'none')],
  ])('refuses %s', async (_what, path) => {
    await expect(readEnvFile(path(newFolder()))).rejects.toBeInstanceOf(Refusal);
  });
});
