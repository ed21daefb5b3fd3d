import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.ts';
import { scopeReasons } from '../../src/adapters/slack/scopes.ts';
import { programNames } from '../../templates/terminal.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const readme = read('README.md');
const between = (mark: string): string => {
  const [, part = ''] = new RegExp(`<!-- ${mark} -->\n([\\s\\S]*?)<!-- /${mark} -->`).exec(readme) ?? [];
  return part;
};

/** The rows of a Markdown table, head aside: cells without the escapes. */
const rows = (markdown: string): readonly (readonly string[])[] =>
  markdown
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(1)
    .map(line =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map(cell => cell.trim().replaceAll('\\|', '|')),
    );

/** `file` and “name” of every test that a text names; several files may share one name, several names one file. */
const named = (markdown: string): readonly (readonly [string, string])[] => {
  let file = '';
  const found: [string, string][] = [];
  for (const [, path, name] of markdown.matchAll(/`(test\/[\w./-]+\.test\.ts)`|“([^”\n]+)”/g)) {
    if (path) file = path;
    else if (name) found.push([file, name]);
  }
  return found;
};

describe('the README', () => {
  it('has the table of commands', () => {
    const told = rows(between('commands')).map(([usage = '', , permission]) => [usage, permission]);
    const expected = Object.values(commands).map(({ usage, door, permission = '' }) => [
      `\`${usage}\`${door ? ' (terminal)' : ''}`,
      permission,
    ]);
    expect(told).toEqual(expected);
    for (const program of programNames) expect(between('commands')).toMatch(new RegExp(`(backout |\`)${program}\\b`));
  });

  it('promises P1 to P8, each with its test', () => {
    const promises = rows(between('promises'));
    expect(promises.map(([promise]) => promise?.slice(2, 4))).toEqual(['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8']);
    for (const [promise, tests = ''] of promises) expect(named(tests), promise).not.toEqual([]);
  });
});

describe('the documents', () => {
  const documents = ['README.md', 'docs/cases.md', 'docs/inventory.md', 'docs/slack.md'];

  it.each(documents)('%s names tests that are there', file => {
    const isThere = ([path, name]: readonly [string, string]) =>
      existsSync(join(root, path)) && read(path).includes(name);
    expect(named(read(file)).filter(one => !isThere(one))).toEqual([]);
  });

  it.each(documents)('%s names files that are there', file => {
    const text = read(file);
    const links = [...text.matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, to = '']) =>
      file.startsWith('docs/') ? join('docs', to) : to,
    );
    const code = /`((?:src|commands|jobs|templates|test|examples|demo|bench|docs)\/[\w./-]+)`/g;
    const paths = [...text.matchAll(code)].map(([, path = '']) => path);
    const missing = [...links, ...paths].filter(path => !existsSync(join(root, path)));
    expect(missing).toEqual([]);
  });

  it('docs/slack.md gives the reason of every scope, and of no other', () => {
    const [, table = ''] = /<!-- scopes -->\n([\s\S]*?)<!-- \/scopes -->/.exec(read('docs/slack.md')) ?? [];
    expect(rows(table)).toEqual(Object.entries(scopeReasons).map(([scope, reason]) => [`\`${scope}\``, reason]));
  });

  it('docs/inventory.md says of each of its 403 lines where it stands, in one place', () => {
    const lines = read('docs/inventory.md').split('\n');
    const places = lines.flatMap(line => {
      if (line.startsWith('| ')) return [line.split(' | ')[0] ?? ''];
      return /^(- \*\*|Lines )/.test(line) ? [line] : [];
    });
    // A part of a line, named in brackets after it, may stand in another place than its rest.
    const [whole, parts] = [new Map<number, number>(), new Set<number>()];
    for (const place of places)
      for (const [, from = '', to = from, part] of place.matchAll(/\b(\d{1,3})(?:–(\d{1,3}))?\b( \()?/g))
        for (let line = Number(from); line <= Number(to); line += 1) {
          if (part) parts.add(line);
          else whole.set(line, (whole.get(line) ?? 0) + 1);
        }
    const wrong = Array.from({ length: 403 }, (_, at) => at + 1).filter(line => {
      const times = whole.get(line) ?? 0;
      return times > 1 || (times === 0 && !parts.has(line));
    });
    expect(wrong).toEqual([]);
  });
});
