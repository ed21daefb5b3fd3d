import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { canonicalJson } from '../../src/config/canonical.ts';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { good, tables } from './catalogue-text.ts';

const runs = { numRuns: 300 };

/** Texts that are nearly YAML, and nearly a catalogue. */
const mangled = fc
  .tuple(
    fc.nat(good.length),
    fc.nat(40),
    fc.constantFrom('', ' ', '\n', '- ', '[', '{', '&a ', '*a', '!!binary ', '<<: ', '"', '\u0000', '?'),
  )
  .map(([at, length, put]) => good.slice(0, at) + put + good.slice(at + length));

const keys = ['__proto__', 'constructor', 'services', 'people', 'roles', 'steps', 'level', 'x'];
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/).map(text => `s-${text}`);

const written = fc
  .record({
    service: name,
    environments: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    level: fc.constantFrom(1, 2, 3, 4),
    minutes: fc.integer({ min: 1, max: 600 }),
    people: fc.uniqueArray(name, { minLength: 2, maxLength: 5 }),
    argv: fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ service, environments, level, minutes, people, argv }) => ({
    channels: { ops: 'C0OPS' },
    people: Object.fromEntries(people.map((person, at) => [person, { slack: `U0${at}A` }])),
    roles: { all: people },
    permissions: { default: ['all'] },
    approvals: [{ name: 'one', seats: { all: 1 }, within: `${minutes}m` }],
    services: {
      [service]: {
        environments: Object.fromEntries(environments.map(environment => [environment, {}])),
        runbooks: { go: { level, steps: [{ command: { argv } }], checks: [{ manual: {} }] } },
      },
    },
  }));

describe('reading a catalogue', () => {
  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), mangled), text => {
        const read = readCatalogue(tables, text, 'f');
        if (!read.ok) expect(read.problems.length).toBeGreaterThan(0);
      }),
      runs,
    );
  });

  it('never throws, whatever the data', () => {
    const value = fc.anything({
      withNullPrototype: false,
      key: fc.constantFrom(...keys),
      maxDepth: 4,
      values: [fc.constantFrom(null, true, 1, 'a')],
    });
    fc.assert(
      fc.property(value, data => {
        const read = readCatalogue(tables, JSON.stringify({ ...(data as object), locale: 'en' }) ?? '', 'f');
        expect(read.ok).toBe(false);
      }),
      runs,
    );
  });

  it('gives the same catalogue however it is written', () => {
    fc.assert(
      fc.property(written, file => {
        const yaml = readCatalogue(tables, stringify(file), 'f');
        const json = readCatalogue(tables, JSON.stringify(file, null, 1), 'f');
        expect(yaml.ok ? [] : yaml.problems).toEqual([]);
        if (!yaml.ok || !json.ok) throw new Error('unread');
        expect(json.catalogue).toEqual(yaml.catalogue);
        const { hash: _hash, ...body } = yaml.catalogue;
        expect(JSON.parse(canonicalJson(body as never))).toEqual(body);
      }),
      { numRuns: 100 },
    );
  });
});
