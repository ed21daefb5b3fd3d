import { describe, expect, it } from 'vitest';
import { notSettled } from '../../src/adapters/kubernetes/failing.ts';
import { ownedByOther, ownersOf, refuseOwners } from '../../src/adapters/kubernetes/owners.ts';
import { locales } from '../../src/domain/catalogue.ts';
import { type Reason, Refusal, reason } from '../../src/domain/reason.ts';
import { sayReason } from '../../templates/say.ts';

const object = 'deployment shop/checkout';
const names = ['checkout-7d9c6b8f5d-x2x7k', 'checkout-7d9c6b8f5d-zzzzz', 'report-28291', 'mail-0', 'mail-1'];
const log = Array.from(
  { length: 4 },
  (_, at) => `2026-11-21T03:02:1${at}Z info loading configuration from /etc/app/conf.d`,
);
const last = 'fatal: cannot open database: connection refused (10.0.3.17:5432)';
const conflict = Array.from(
  { length: 3 },
  (_, at) => `conflict with "team-${at}" using apps/v1: .spec.template.spec.containers`,
);

/** What must be read of each reason, whatever its length. */
const rows: readonly [string, Reason, Readonly<Record<(typeof locales)[number], readonly string[]>>][] = [
  [
    'the last line that a dead container logged',
    notSettled(
      { object },
      {
        cause: 'CrashLoopBackOff',
        facts: { pod: names[0] ?? '', container: 'app', exitCode: 1, last: 'yes' },
        said: [...log, last].join('\n'),
      },
    ),
    {
      en: [names[0] ?? '', 'container app', 'last exit code 1', 'it said last', last],
      'zh-CN': [names[0] ?? '', '容器 app', '退出码 1', '最后的日志', last],
    },
  ],
  [
    'what to do about an immutable object in use',
    reason('plan-failed', { object: 'configmap shop/flags', why: 'immutable-in-use', names }),
    { en: ['scale to 0 what reads it', 'mail-1'], 'zh-CN': ['缩到 0', 'mail-1'] },
  ],
  [
    'what to do about a conflict, and its last field',
    reason('plan-failed', { object, why: 'conflict' }, `Apply failed with 3 conflicts: ${conflict.join('; ')}`),
    { en: ['`force: true`', '"team-2"'], 'zh-CN': ['`force: true`', '"team-2"'] },
  ],
  [
    'the error at the end of what helm said',
    reason(
      'step-failed',
      { object: 'release shop/web' },
      `${'Warning: resource mapping not found. '.repeat(30)}\nError: timed out`,
    ),
    { en: ['Warning', 'Error: timed out'], 'zh-CN': ['Warning', 'Error: timed out'] },
  ],
  [
    'why a Service cannot be asked',
    reason('no-good-answer', { object: 'service shop/api', cause: 'service-port-needed', names: ['80', '9090'] }),
    { en: ['name its port in the step: 80, 9090'], 'zh-CN': ['端口：80、9090'] },
  ],
  [
    'that there is no Service to ask',
    reason('no-good-answer', { object: 'service shop/api', cause: 'object-gone' }),
    { en: ['there is no such Service'], 'zh-CN': ['没有这个 Service'] },
  ],
  [
    'that a configuration was not written',
    reason('not-settled', { object, cause: 'not-written', ms: 30_000 }),
    { en: ['does not hold what it is to hold after 30 s'], 'zh-CN': ['30 秒'] },
  ],
];

const metadata = {
  uid: 'u',
  name: 'checkout',
  resourceVersion: '1',
  generation: 1,
  labels: {},
  annotations: {},
  managedFields: [],
  ownerReferences: [],
};
const controller = { uid: 'v', kind: 'Database', name: 'main', controller: true };

/** What is offered where somebody else writes the object, by its marks. */
const owned: readonly [string, object, readonly string[]][] = [
  [
    'Helm',
    { annotations: { 'meta.helm.sh/release-name': 'shop' } },
    ['`helm.rollback`', 'change Git', '`owner: anyway`'],
  ],
  [
    'Argo CD',
    { labels: { 'argocd.argoproj.io/instance': 'shop' } },
    ['`owner: suspend`', 'change Git', '`owner: anyway`'],
  ],
  ['a controller', { ownerReferences: [controller] }, ['change that object', '`owner: anyway`']],
];

describe('A refusal because of an owner says what can be done', () => {
  for (const [owner, marks, wanted] of owned)
    it(`where it is ${owner}`, () => {
      const of = { metadata: { ...metadata, ...marks } };
      const said = thrownBy(() => refuseOwners(object, {}, of));
      for (const words of wanted) expect(said).toContain(words);
      const fixed = sayReason(ownedByOther(object, ownersOf(of)).reason, 'en');
      expect(fixed).toContain(wanted.at(-2));
      expect(fixed).not.toContain('owner: anyway');
    });

  it('where Helm has nothing to suspend, and where a release of Helm is rendered from Git', () => {
    const passive = reason('owner-not-suspendable', { object, owner: ['Helm'], why: 'passive' });
    expect(sayReason(passive, 'en')).toContain('`helm.rollback`');
    const rendered = reason('owned-by-other', { object, owner: ['Argo CD'], can: ['suspend', 'git', 'anyway'] });
    expect(sayReason(rendered, 'en')).toContain('change Git instead');
  });
});

function thrownBy(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return sayReason(error.reason, 'en');
  }
  throw new Error('nothing was refused');
}

describe('A reason shows', () => {
  for (const [what, said, wanted] of rows)
    for (const locale of locales)
      it(`${what} (${locale})`, () => {
        const text = sayReason(said, locale);
        for (const words of wanted[locale]) expect(text).toContain(words);
        expect(text.length).toBeLessThan(1_500);
        // Beside quotes, names and codes, a Chinese reader reads Chinese.
        if (locale === 'zh-CN') expect(text.replace(/“.*”/, '')).not.toMatch(/\b(the|is|of|not)\b/);
      });
});
