import { expect, it } from 'vitest';
import { answerProblem, type GoodAnswer, type HttpAnswer } from '../../src/domain/http-answer.ts';

const good: GoodAnswer = { status: 200, json: [], contains: null, header: {}, within: null, version: null };
const answer = (body: object, headers: Record<string, string> = {}): HttpAnswer => ({
  kind: 'answer',
  status: 200,
  headers,
  body: JSON.stringify(body),
  timings: { total: 1 },
});
const to = { key: 'k', version: '1.0.0', identity: {}, grade: 'verified' } as const;
const long = `${'x'.repeat(500)}end`;

it.each<readonly [string, HttpAnswer, Partial<GoodAnswer>, RegExp]>([
  [
    'in a field, by its look',
    answer({ db: { url: 'postgres://shop:hunter2@db/shop' } }),
    { json: [{ path: 'db.url', equals: 'x' }] },
    /^db\.url is "postgres:\/\/\(hidden\)@db\/shop", expected = "x"$/,
  ],
  [
    'in a field, by its name',
    answer({ db: { password: 'hunter2' } }),
    { json: [{ path: 'db.password', equals: 'x' }] },
    /^db\.password is "\(hidden\)"/,
  ],
  [
    'inside of a field',
    answer({ db: { password: 'hunter2', port: 1 } }),
    { json: [{ path: 'db', equals: 'x' }] },
    /^db is \{"password":"\(hidden\)","port":1\}/,
  ],
  [
    'in a header',
    answer({}, { 'set-cookie': 'hunter2' }),
    { header: { 'Set-Cookie': 'x' } },
    /is \(hidden\), expected x/,
  ],
  [
    'in a header of any length',
    answer({}, { mode: long }),
    { header: { mode: 'x' } },
    /^header mode is x{120}, expected/,
  ],
  [
    'in a version',
    answer({ version: 'Bearer hunter2hunter2' }),
    { version: { json: 'version' } },
    /version Bearer \(hidden\)/,
  ],
  [
    'in what stood between',
    { kind: 'none', why: `no route to http://me:hunter2@proxy/ ${long}` },
    {},
    /http:\/\/\(hidden\)@proxy/,
  ],
])('a secret %s is not told', (_where, came, wanted, words) => {
  const problem = answerProblem(came, { ...good, ...wanted }, to) ?? '';
  expect(problem).toMatch(words);
  expect(problem).not.toMatch(/hunter|end/);
});
