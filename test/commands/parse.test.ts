import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optionWords } from '../../commands/parse/words.ts';
import { type Grammar, type Parsed, parse } from '../../commands/parse.ts';
import { scenarios } from '../../src/domain/scenario.ts';
import { testCatalogue } from './catalogue.ts';

const catalogue = testCatalogue();

const grammars: Readonly<Record<string, Grammar>> = {
  rollback: { also: [], takes: ['service'], needs: ['service', 'environment', 'reason'] },
  status: { also: ['状态'], takes: ['service'], needs: [] },
  grade: {
    also: ['评级'],
    takes: ['service', 'release', 'grade'],
    needs: ['service', 'environment', 'release', 'grade', 'reason'],
  },
  resolve: { also: ['处理'], takes: ['run', 'decision'], needs: ['run'] },
  freeze: { also: ['冻结'], takes: ['service'], needs: ['service', 'environment', 'reason'] },
};

const read = (text: string, escaped = true): Parsed => parse(text, grammars, catalogue, escaped);

/** The parts of what was understood that a row names, by the same names. */
function understood({ ask, missing }: Parsed) {
  const { service, target, ...rest } = ask;
  const said = Object.entries(rest).filter(([key, value]) => value && key !== 'levels' && key !== 'command');
  return {
    command: ask.command,
    ...(service ? { service: service.name } : {}),
    ...(target ? { environment: target.environment } : {}),
    ...Object.fromEntries(said),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

const rollback = (facts: object) => ({ command: 'rollback', ...facts });
const checkout = (facts: object) => rollback({ service: 'checkout-api', environment: 'production', ...facts });
const cart = (facts: object) => rollback({ service: 'cart-web', environment: 'production', ...facts });

const understoodRows: readonly (readonly [string, object])[] = [
  ['', rollback({ missing: ['service', 'reason'] })],
  [
    'checkout-api in production to 2.13.2 level 2 because payments fail',
    checkout({ release: '2.13.2', level: 2, reason: 'payments fail' }),
  ],
  ['checkout production strategy gradual because 5xx', checkout({ strategy: 'gradual', reason: '5xx' })],
  ['CHECKOUT-API IN PROD BECAUSE payments fail', checkout({ reason: 'payments fail' })],
  ['cart-web', cart({ missing: ['reason'] })],
  [
    'checkout-api because payments fail',
    rollback({ service: 'checkout-api', reason: 'payments fail', missing: ['environment'] }),
  ],
  ['cart-web --level 2 because abc', cart({ level: 2, reason: 'abc' })],
  ['cart-web --level=2 --reason="can\'t pay" --in production', cart({ level: 2, reason: "can't pay" })],
  ['cart-web level:config because: abc', cart({ level: 2, reason: 'abc' })],
  ['cart-web level3 scenario security because leak', cart({ level: 3, scenario: 'security', reason: 'leak' })],
  ['cart-web dry-run because try it', cart({ observe: true, reason: 'try it' })],
  ['please rollback cart-web, because it fails', cart({ reason: 'it fails' })],
  ['rollback status because abc', rollback({ service: 'status', environment: 'production', reason: 'abc' })],
  ['status', { command: 'status' }],
  ['status checkout-api', { command: 'status', service: 'checkout-api' }],
  ['STATUS checkout-api in staging', { command: 'status', service: 'checkout-api', environment: 'staging' }],
  [
    'grade cart-web 2.13.2 bad because it crashed',
    {
      command: 'grade',
      service: 'cart-web',
      environment: 'production',
      release: '2.13.2',
      grade: 'bad',
      reason: 'it crashed',
    },
  ],
  [
    'grade cart-web good to 2.13.2 because it ran',
    {
      command: 'grade',
      service: 'cart-web',
      environment: 'production',
      release: '2.13.2',
      grade: 'good',
      reason: 'it ran',
    },
  ],
  ['resolve R-4K7Q done because seen', { command: 'resolve', run: 'R-4K7Q', decision: 'mark-done', reason: 'seen' }],
  [
    'freeze cart-web for 2h because quarter close',
    { command: 'freeze', service: 'cart-web', environment: 'production', forMs: 7_200_000, reason: 'quarter close' },
  ],
];

describe('understands', () => {
  it.each(understoodRows)('%j', (text, expected) => {
    const parsed = read(text);
    expect(parsed.problems).toEqual([]);
    expect(understood(parsed)).toEqual(expected);
  });
});

describe('case 20: mentions, links and entities', () => {
  const rows: readonly (readonly [string, object])[] = [
    [
      '<http://api.example.com|api.example.com> because a &amp; b &lt;5s',
      rollback({ service: 'api.example.com', environment: 'production', reason: 'a & b <5s' }),
    ],
    [
      '<https://api.example.com/|api.example.com> because <@U1|bob> and <#C1|ops> and <!channel> say so',
      rollback({ service: 'api.example.com', environment: 'production', reason: '@bob and #ops and @channel say so' }),
    ],
    ['`cart-web`\u00a0because\u00a0it\u3000fails', cart({ reason: 'it fails' })],
    ['*cart-web* because see <https://wiki.test/x|the page>', cart({ reason: 'see the page (https://wiki.test/x)' })],
  ];
  it.each(rows)('reads %j', (text, expected) => {
    const parsed = read(text);
    expect(parsed.problems).toEqual([]);
    expect(understood(parsed)).toEqual(expected);
  });

  const refusedRows: readonly (readonly [string, string, string])[] = [
    ['<@U1|bob> because abc', 'mention', '▸@bob◂ because abc'],
    ['<!subteam^S1|@sre> because abc', 'mention', '▸@sre◂ because abc'],
    ['<#C1|cart-web> because abc', 'mention', '▸#cart-web◂ because abc'],
    ['<https://cart-web.test/x> because abc', 'link', '▸https://cart-web.test/x◂ because abc'],
    [
      'cart-web to <https://g.test/1|2.13.2> because abc',
      'link',
      'cart-web to ▸2.13.2 (https://g.test/1)◂ because abc',
    ],
  ];
  it.each(refusedRows)('points at the word in %j', (text, kind, pointer) => {
    const { ask, problems } = read(text);
    expect(problems).toEqual([expect.objectContaining({ code: 'bad-argument', detail: pointer })]);
    expect(problems[0]?.facts).toMatchObject({ kind });
    expect(ask.release).toBeNull();
    if (!text.startsWith('cart-web')) expect(ask.service).toBeNull();
  });

  it('leaves angle brackets alone where Slack wrote none', () => {
    expect(read('cart-web because <@U1|bob> &amp;', false).ask.reason).toBe('<@U1|bob> &amp;');
  });
});

describe('case 21: quotes, dashes, full width, Chinese, hidden characters', () => {
  const orders = (facts: object) => rollback({ service: 'orders', ...facts });
  const rows: readonly (readonly [string, object])[] = [
    ['cart-web —level 2 because “reason text”', cart({ level: 2, reason: 'reason text' })],
    ['cart-web because “reason text” –level 2', cart({ level: 2, reason: 'reason text' })],
    ['cart-web because payments fail — badly —level 2', cart({ level: 2, reason: 'payments fail — badly' })],
    ['ｃａｒｔ－ｗｅｂ ｌｅｖｅｌ ２ because abc', cart({ level: 2, reason: 'abc' })],
    ['回滚 订单服务', orders({ missing: ['environment', 'reason'] })],
    [
      '回滚 订单服务 到 2.13.2 级别 2 因为 支付失败',
      orders({ release: '2.13.2', level: 2, reason: '支付失败', missing: ['environment'] }),
    ],
    [
      '回滚订单服务到2.13.2，级别2，环境：生产，原因：“支付失败，很严重”',
      orders({ environment: 'prod', release: '2.13.2', level: 2, reason: '支付失败，很严重' }),
    ],
    [
      '请把 订单服务 回滚 到 2.13 因为 支付失败',
      orders({ release: '2.13', reason: '支付失败', missing: ['environment'] }),
    ],
    ['订单服务到2.13.2因为支付失败', orders({ release: '2.13.2', reason: '支付失败', missing: ['environment'] })],
    [
      '订单服务 在 预发 策略 immediate 级别 代码 因为 失败了',
      orders({ environment: 'staging', strategy: 'immediate', level: 3, reason: '失败了' }),
    ],
    ['cart-web because 🔥🔥🔥 all is “on fire”', cart({ reason: '🔥🔥🔥 all is “on fire”' })],
    ['cart-web because abc\u202edef\u200b', cart({ reason: 'abcdef' })],
    ['状态 订单服务', { command: 'status', service: 'orders' }],
    [
      '评级 cart-web 2.13.2 坏 因为 崩溃了',
      {
        command: 'grade',
        service: 'cart-web',
        environment: 'production',
        release: '2.13.2',
        grade: 'bad',
        reason: '崩溃了',
      },
    ],
  ];
  it.each(rows)('reads %j', (text, expected) => {
    const parsed = read(text);
    expect(parsed.problems).toEqual([]);
    expect(understood(parsed)).toEqual(expected);
  });

  it.each([
    ['cart\u200b-web because abc', '▸cartU+200B-web◂ because abc'],
    ['\u202ecart-web because abc', '▸U+202Ecart-web◂ because abc'],
    ['cart-web to 2.13\u2066.2 because abc', 'cart-web to ▸2.13U+2066.2◂ because abc'],
  ])('refuses hidden characters in %j', (text, pointer) => {
    const { problems } = read(text);
    expect(problems).toEqual([expect.objectContaining({ code: 'bad-argument', detail: pointer })]);
    expect(problems[0]?.facts).toMatchObject({ kind: 'invisible' });
  });
});

describe('never guesses', () => {
  it.each([
    ['chekout-api because abc', 'unknown-service', 'chekout-api', 'checkout-api'],
    ['cart because abc', 'unknown-service', 'cart', 'cart-web'],
    ['stauts', 'unknown-service', 'stauts', 'status'],
    ['cart-web in prodution because abc', 'unknown-environment', 'prodution', 'production'],
  ])('%j', (text, code, name, near) => {
    const { ask, problems } = read(text);
    expect(problems[0]).toMatchObject({ code, facts: { name, token: name } });
    expect(problems[0]?.facts?.nearest).toContain(near);
    expect(code === 'unknown-service' ? ask.service : ask.target).toBeNull();
  });

  it.each([
    ['cart-web level 9 because abc', 'unknown-level', '9'],
    ['cart-web levl 2', 'bad-argument', 'levl'],
    ['cart-web --levl 2 because abc', 'bad-argument', '--levl'],
    ['cart-web scenario securty because abc', 'bad-argument', 'securty'],
    ['cart-web production to', 'bad-argument', 'to'],
    ['cart-web to --level 2 because abc', 'bad-argument', 'to'],
    ['freeze cart-web for ever because abc', 'bad-argument', 'ever'],
    ['freeze cart-web until Monday because abc', 'bad-argument', 'Monday'],
    ['resolve R-4K7Q whatever', 'bad-argument', 'whatever'],
  ])('points at the word in %j', (text, code, token) => {
    expect(read(text).problems[0]).toMatchObject({ code, facts: { token } });
  });

  it('says all problems of a line at once', () => {
    expect(read('chekout level 7 --foo').problems.map(({ facts }) => facts?.token)).toEqual(['7', '--foo', 'chekout']);
  });

  it('takes a reason of one or two letters for none, and refuses one that is over-long', () => {
    expect(read('cart-web because x').missing).toEqual(['reason']);
    expect(read(`cart-web because ${'long '.repeat(300)}`).problems[0]).toMatchObject({ code: 'bad-argument' });
  });
});

describe('for any line', () => {
  const vocabulary = [
    ...Object.values(optionWords).flat(),
    ...Object.keys(grammars),
    ...[
      '回滚',
      '订单服务',
      'cart-web',
      '<@U1|bob>',
      '<http://a.b|a.b>',
      '&amp;',
      '“',
      '”',
      '"',
      "'",
      '`',
      '—',
      '--',
      ':',
      '：',
      '，',
    ],
    ...['\u200b', '\u202e', '\u00a0', '\u3000', '\ud800', '2', 'R-4K7Q', 'good', '__proto__', 'constructor'],
  ];
  const words = fc.array(fc.oneof(fc.constantFrom(...vocabulary), fc.string({ unit: 'binary', maxLength: 8 })));
  const line = fc.oneof(
    fc.tuple(words, fc.constantFrom('', ' ')).map(([parts, glue]) => parts.join(glue)),
    fc.string({ unit: 'binary' }),
  );

  it('never throws and never makes up a name', () => {
    fc.assert(
      fc.property(line, fc.boolean(), (text, escaped) => {
        const { ask, problems } = read(text, escaped);
        if (ask.service) expect(catalogue.services[ask.service.name]).toBe(ask.service);
        if (ask.target) expect(ask.service?.environments[ask.target.environment]).toBe(ask.target);
        expect(ask.reason ?? '').not.toMatch(/[\n\r\u202a-\u202e\u2066-\u2069\u200b]/);
        for (const problem of problems) expect(problem.code).toBeTruthy();
        expect(`${ask.release ?? ''}${ask.run ?? ''}${ask.strategy ?? ''}`).not.toMatch(/\p{Cf}/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads back what it was written from, in any order and either language', () => {
    const services = Object.values(catalogue.services).filter(({ name }) => name !== 'status');
    const request = fc.record({
      service: fc.constantFrom(...services),
      level: fc.option(fc.constantFrom(1, 2, 3, 4)),
      release: fc.option(fc.stringMatching(/^[0-9][0-9a-z.]{1,10}$/)),
      scenario: fc.option(fc.constantFrom(...scenarios)),
      reason: fc.stringMatching(/^[a-z]{3}[a-z ]{0,20}[a-z]$/),
      chinese: fc.boolean(),
      dashed: fc.boolean(),
      order: fc.integer({ min: 0, max: 23 }),
    });
    fc.assert(
      fc.property(request, row => {
        const environment = Object.keys(row.service.environments)[0] ?? '';
        const word = (name: keyof typeof optionWords) =>
          (row.dashed ? '—' : '') +
          (row.chinese ? optionWords[name].find(w => /\p{Script=Han}/u.test(w)) : optionWords[name][0]);
        const parts = [
          `${word('environment')} ${environment}`,
          row.level ? `${word('level')} ${row.level}` : '',
          row.release ? `${word('release')} ${row.release}` : '',
          row.scenario ? `${word('scenario')} ${row.scenario}` : '',
        ];
        const turned = [...parts.slice(row.order % 4), ...parts.slice(0, row.order % 4)].filter(Boolean);
        const text = [row.service.name, ...turned, `${word('reason')} ${row.reason}`].join(' ');
        const { ask, problems, missing } = read(text);
        expect(problems).toEqual([]);
        expect(missing).toEqual([]);
        expect(ask).toMatchObject({
          service: row.service,
          target: { environment },
          level: row.level,
          release: row.release,
          scenario: row.scenario,
          reason: row.reason.replace(/ +/g, ' '),
        });
      }),
      { numRuns: 500 },
    );
  });
});
