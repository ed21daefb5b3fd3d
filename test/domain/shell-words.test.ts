import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { shellLine } from '../../src/domain/shell-words.ts';

it('a line for a shell says the words that it was made of', () => {
  const words = [
    'api',
    'a b',
    "it's",
    '$(id)',
    '`id`',
    'a;b',
    'x\\.y',
    '{"a":"b"}',
    '*',
    '~',
    '<x>',
    '',
    '/etc/a.yaml',
  ];
  const said = execFileSync('sh', ['-c', `printf '%s\\n' ${shellLine(words)}`], { encoding: 'utf8' });
  expect(said.split('\n').slice(0, -1)).toEqual(words);
  expect(
    shellLine(['kubectl', '-n', 'shop', 'set', 'image', 'deployment/api', 'app=repo.example:5000/app@sha256:0']),
  ).toBe('kubectl -n shop set image deployment/api app=repo.example:5000/app@sha256:0');
});
