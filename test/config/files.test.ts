import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { starterCatalogue } from '../../src/config/init.ts';
import { catalogueJsonSchema } from '../../src/config/json-schema.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { holdCatalogue, readCatalogueFile } from '../../src/config/reload.ts';
import { checkSecrets, readSecret, secretRefs } from '../../src/config/secrets.ts';
import type { Catalogue } from '../../src/domain/catalogue.ts';
import { changed, good, tables } from './catalogue-text.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function catalogueOf(text: string): Catalogue {
  const read = readCatalogue(tables, text, 'b.yaml');
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return read.catalogue;
}

describe('reload', () => {
  it('takes a good file, keeps the old catalogue for a bad one and says why', async () => {
    const file = join(folder, 'backout.yaml');
    await writeFile(file, good);
    const published: string[] = [];
    const publish = async (catalogue: Catalogue) => void published.push(catalogue.hash);
    const holder = holdCatalogue({ tables, file, publish }, catalogueOf(good));
    expect(await holder.reload()).toMatchObject({ kind: 'same' });

    await writeFile(file, changed('soak: 30m', 'soak: 45m'));
    const [first, second] = await Promise.all([holder.reload(), holder.reload()]);
    expect(first.kind).toBe('changed');
    expect(second).toBe(first);
    expect(published).toEqual([holder.current().hash]);

    await writeFile(file, changed('mode: act', 'mode: acts'));
    const kept = await holder.reload();
    expect(kept.kind === 'kept' && kept.problems.map(formatProblem)).toEqual([
      `${file}:33:27: \`mode\` cannot be \`acts\`, did you mean \`act\`?`,
    ]);
    expect(holder.current()).toBe(first.catalogue);
  });

  it('says that there is no file', async () => {
    const read = await readCatalogueFile(tables, join(folder, 'none.yaml'));
    expect(!read.ok && read.problems[0]?.message).toBe('there is no such file; `backout init` writes one');
  });
});

describe('secrets', () => {
  it('are read without the line end, and named without their value', async () => {
    const file = join(folder, 'secret');
    await writeFile(file, 'hunter2\n', { mode: 0o600 });
    expect(await readSecret({ file })).toBe('hunter2');
    await expect(readSecret({ file: join(folder, 'none') })).rejects.toThrow('there is no such file');
    await expect(readSecret({ env: 'BACKOUT_TEST_NO_SUCH_VARIABLE' })).rejects.toThrow(
      'environment variable BACKOUT_TEST_NO_SUCH_VARIABLE: the variable is not set',
    );
  });

  it('that are missing or open to others are told', async () => {
    const file = join(folder, 'open');
    await writeFile(file, 'hunter2', { mode: 0o644 });
    const input = `          - command: { argv: [x], secrets: { token: { env: BACKOUT_TEST_NO_TOKEN } } }\n          - kubernetes.rollout-undo: {}`;
    const text = changed('          - kubernetes.rollout-undo: {}', input).replace(
      '{ env: HOOK_SECRET }',
      `{ file: ${file} }`,
    );
    const catalogue = catalogueOf(text);
    expect(secretRefs(catalogue)).toEqual([{ file }, { env: 'BACKOUT_TEST_NO_TOKEN' }]);
    expect((await checkSecrets(catalogue)).map(({ state, message }) => [state, message])).toEqual([
      ['exposed', `file ${file} can be read by others (mode 0644); chmod 600`],
      ['missing', expect.stringContaining('BACKOUT_TEST_NO_TOKEN')],
    ]);
  });
});

describe('the starter', () => {
  it.each([
    { service: 'my-service', account: 'mara', slackUser: null, channel: null },
    { service: 'shop', account: 'jon', slackUser: 'U0JON', channel: 'C0OPS' },
  ])('is a catalogue without a problem: $service', starter => {
    const read = readCatalogue(tables, starterCatalogue(starter), 'backout.yaml');
    expect(read.ok ? read.warnings : read.problems.map(formatProblem)).toEqual([]);
  });
});

describe('what the starter has commented out', () => {
  it('is a catalogue too', () => {
    const text = starterCatalogue({ service: 'shop', account: 'mara', slackUser: 'U0MARA', channel: 'C0OPS' });
    const [head = '', ...rest] = text.split('\napprovals:');
    const open = rest.join('\napprovals:').replaceAll(/^( *)# (?= *(?:[a-z]+:|- ))/gm, '$1');
    const read = readCatalogue(tables, `${head}\napprovals:${open}`, 'backout.yaml');
    expect(read.ok ? read.warnings : read.problems.map(formatProblem)).toEqual([]);
    const target = read.ok ? read.catalogue.services.shop?.environments.production : null;
    expect(target?.runbooks.map(runbook => [runbook.id, runbook.steps[0]?.kind])).toEqual([
      ['example', 'command'],
      ['back', 'kubernetes.rollout-undo'],
    ]);
    expect(target?.releaseSource?.input).toMatchObject({ namespace: 'shop', deployment: 'shop' });
    expect(read.ok && read.catalogue.hooks.deployments[0]?.name).toBe('ci');
  });
});

describe('the JSON Schema', () => {
  it('names every kind with its settings, none of them required where the target may say it', () => {
    const schema = catalogueJsonSchema(tables) as {
      $defs: Record<string, { anyOf: { properties?: Record<string, object> }[] }>;
    };
    expect(schema.$defs.step?.anyOf.map(one => Object.keys(one.properties ?? {})[0])).toEqual(
      tables.executors.map(one => one.kind),
    );
    expect(schema.$defs.step?.anyOf[0]?.properties?.['kubernetes.set-env']).toMatchObject({
      properties: { namespace: { type: 'string' }, set: { type: 'object' } },
      additionalProperties: false,
    });
    expect(JSON.stringify(schema)).toContain('"$ref":"#/$defs/step"');
    expect(JSON.stringify(schema.$defs.step)).not.toContain('"required":["namespace"');
    const refs = [...JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)].map(match => match[1] ?? '');
    expect(Object.keys(schema.$defs)).toEqual(expect.arrayContaining(refs));
  });
});
