import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { locales } from '../../src/domain/catalogue.ts';
import { reasonCodes } from '../../src/domain/reason.ts';
import { clock } from '../../templates/clock.ts';
import { code, esc, excerpt } from '../../templates/escape.ts';
import { actionIds, blockIds, formIds, selectIds } from '../../templates/ids.ts';
import { marks } from '../../templates/marks.ts';
import { noteAreas, notes } from '../../templates/notes/index.ts';
import type { Facts, Sentence } from '../../templates/notes/table.ts';
import { causes } from '../../templates/reasons/causes.ts';
import { reasons } from '../../templates/reasons.ts';

const sources = globSync('{src,commands,jobs}/**/*.ts').map(file => ({ file, text: readFileSync(file, 'utf8') }));
const clusters = sources.filter(({ file }) => /adapters\/(kubernetes|helm)\//.test(file));
const screens = globSync('templates/**/*.ts').map(file => ({ file, text: readFileSync(file, 'utf8') }));

function expectSentence(sentence: Sentence, facts: Facts): void {
  const said = locales.map(locale => sentence[locale](facts));
  for (const words of said) {
    expect(words.trim()).not.toBe('');
    expect(words).not.toMatch(/[.。]$/);
  }
  expect(said[0]).not.toBe(said[1]);
  expect(said[1]).toMatch(/\p{Script=Han}/u);
}

/** The codes that the sources give to `note(…)`. */
function notesIn(text: string): string[] {
  return [...text.matchAll(/\bnote\(\s*'([\w-]+)'/g)].map(match => match[1] ?? '');
}

describe('Words', () => {
  for (const code of reasonCodes)
    it(`say the reason ${code} in both languages, with no fact known`, () => expectSentence(reasons[code], {}));

  for (const [code, sentence] of Object.entries(notes))
    it(`say the note ${code} in both languages`, () => {
      for (const locale of locales) expect(sentence[locale]({}).trim()).not.toBe('');
    });

  it('have a row for every note that the sources make', () => {
    const made = sources.flatMap(({ file, text }) => notesIn(text).map(code => ({ code, file })));
    expect(made.filter(({ code }) => !Object.hasOwn(notes, code))).toEqual([]);
  });

  for (const [code, sentence] of Object.entries(causes))
    it(`say the cause ${code} in both languages, with no fact known`, () => expectSentence(sentence, {}));

  it('have a row for every cause that the sources give a reason', () => {
    const made = clusters.flatMap(({ file, text }) =>
      [...text.matchAll(/\b(?:why|cause): '([\w-]+)'/g)].map(match => ({ code: match[1] ?? '', file })),
    );
    expect(made.length).toBeGreaterThan(40);
    const ofRollouts = ['unobserved', 'unavailable', 'updating', 'terminating'];
    expect(made.filter(({ code }) => !Object.hasOwn(causes, code) && !ofRollouts.includes(code))).toEqual([]);
  });

  it('quote servers and programs alone: no sentence of our own is the detail of a reason or note', () => {
    // What is wrong with a kubeconfig or a program is said in one text with the error that told it.
    const mixed = /(kube-error|kubeconfig|discover|binary)\.ts$/;
    const all = clusters.filter(({ file }) => !mixed.test(file));
    const own = all.flatMap(({ file, text }) =>
      [...text.matchAll(/\bconst detail = ['`]|\b(?:reason|note)\([^;]*?[}\]], *['`]/g)].map(
        match => `${file}: ${match[0]}`,
      ),
    );
    expect(own).toEqual([]);
  });

  it('have each note in one area only', () => {
    const codes = Object.values(noteAreas).flatMap(area => Object.keys(area));
    expect(codes.length).toBe(new Set(codes).size);
  });

  it('take their emoji from one list', () => {
    const listed = new Set<string>(Object.values(marks).flatMap(mark => [...mark]));
    const pictures = (text: string) => [...text.matchAll(/\p{Extended_Pictographic}/gu)].map(([one]) => one);
    for (const { file, text } of screens)
      if (!file.endsWith('marks.ts')) expect([file, pictures(text)]).toEqual([file, []]);
    expect(listed.size).toBeGreaterThan(5);
  });
});

describe('Ids', () => {
  const all = [...actionIds, ...selectIds, ...blockIds];
  it('are unique', () => {
    expect(all.length).toBe(new Set(all).size);
    expect(formIds.length).toBe(new Set(formIds).size);
  });

  it('are written nowhere else in the templates than as members of their lists', () => {
    const drawn = screens.flatMap(({ text }) => [...text.matchAll(/action: '([\w-]+)'/g)].map(match => match[1]));
    for (const id of drawn) expect(actionIds).toContain(id);
  });
});

describe('Foreign text', () => {
  const cases: readonly [string, string][] = [
    ['<!channel>', '&lt;!channel&gt;'],
    ['a & b', 'a &amp; b'],
    ['one\n\ttwo\u0000', 'one two'],
    ['in\u200bvis\u202eible', 'invisible'],
    ['\ud800lone', '\ufffdlone'],
    ['👩\u200d🚒', '👩\u200d🚒'],
  ];
  for (const [given, wanted] of cases) it(JSON.stringify(given), () => expect(esc(given)).toBe(wanted));

  it('is cut before it is escaped, and the cut is marked', () => {
    expect(esc('&'.repeat(20), 5)).toBe('&amp;&amp;&amp;&amp;…');
    expect(esc('ab👩👩', 4)).toBe('ab…');
  });

  it('of a program is cut in its middle: its last words are the error', () => {
    expect(excerpt(`first ${'x'.repeat(3_000)} fatal: <disk full>`, 60)).toMatch(
      /^first x+ … x+ fatal: &lt;disk full&gt;$/,
    );
    expect(excerpt('short\nand whole', 60)).toBe('short and whole');
  });

  it('cannot leave inline code', () => expect(code('a`b')).toBe('`aˋb`'));
});

describe('Clock times', () => {
  const at = (month: number, day: number, year = 2026) => new Date(year, month, day, 3, 7).getTime();
  const now = new Date(2026, 10, 21, 12, 0).getTime();
  const cases: readonly [number, string, string][] = [
    [at(10, 21), '03:07', '03:07'],
    [at(10, 12), '12 Nov 03:07', '11月12日 03:07'],
    [at(10, 12, 2025), '12 Nov 2025 03:07', '2025年11月12日 03:07'],
  ];
  for (const [time, en, zh] of cases)
    it(en, () => expect([clock(time, now, 'en'), clock(time, now, 'zh-CN')]).toEqual([en, zh]));
});
