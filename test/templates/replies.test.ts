import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Locale, locales } from '../../src/domain/catalogue.ts';
import { parseProposalId, targetId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import { reason, reasonCodes } from '../../src/domain/reason.ts';
import type { Candidate, Freeze, Grade, Hold, Release } from '../../src/domain/release.ts';
import type { Form, Screen } from '../../src/domain/screen.ts';
import { statuses } from '../../src/domain/status.ts';
import { doneCodes, helpTopics, type NextStep } from '../../templates/data.ts';
import type { ReasonFormId } from '../../templates/forms/reason.ts';
import { formIds } from '../../templates/ids.ts';
import {
  busy,
  candidatesReply,
  decided,
  doctorReply,
  done,
  failure,
  fieldError,
  forTerminal,
  gateReply,
  helpReply,
  historyReply,
  notConfirmed,
  problemsReply,
  reasonForm,
  refusal,
  releaseReply,
  reloadedReply,
  renderPost,
  requestForm,
  showRun,
  started,
  statusReply,
  voted,
} from '../../templates/index.ts';
import { buttonsOf, expectForm, expectScreen } from './looks.ts';
import { at, catalogueOf, nextId, plainForeign, runId, storyOf, viewOf } from './story.ts';

const now = at('03:30');
const target = targetId('checkout-api', 'production');

function candidate(foreign: string, grade: Grade, verdict: Candidate['verdict'], key = `k-${grade}`): Candidate {
  return {
    release: {
      target,
      key,
      version: foreign,
      identity: {},
      spans: [],
      deployment: null,
      grade,
      gradeNote: note('release-unproven'),
      gradedAt: now,
      gradedBy: null,
      firstSeen: at('02:00'),
    },
    verdict,
    why: note('candidate-good', {}, foreign),
  };
}

/** A release of which everything is known, with foreign text wherever there is some. */
function fullRelease(foreign: string): Release {
  const spans = Array.from({ length: 8 }, (_, hour) => ({ from: at('02:00') + hour, until: null, soakedMs: 60_000 }));
  return {
    ...candidate(foreign, 'verified', 'suggested').release,
    identity: { template: foreign, 'ConfigMap/flags': foreign, [foreign]: foreign },
    spans,
    deployment: { status: 'succeeded', by: foreign, at: at('02:00'), url: foreign },
    gradedBy: foreign,
    seen: {
      missing: note('parts-gone', { object: foreign, missing: [foreign] }),
      shown: { revision: '3', [foreign]: foreign },
    },
  };
}

function holdOf(foreign: string): Hold {
  return { target, releaseKey: 'k', version: foreign, since: at('03:18'), by: foreign, reason: foreign, run: runId };
}

function freezeOf(foreign: string): Freeze {
  return { target, since: at('01:00'), until: at('09:00'), by: foreign, reason: foreign, levels: [4] };
}

function proposalOf(foreign: string, status: 'open' | 'dismissed' | 'closed' | 'taken' = 'open') {
  const id = parseProposalId('01KAPB3Q5W8Z2N7V6TD9XF0000');
  if (!id) throw new Error('not a proposal id');
  return {
    id,
    target,
    episode: {
      fingerprint: 'e1',
      source: 'alertmanager',
      name: foreign,
      severity: 'critical',
      target,
      summary: foreign,
      startedAt: at('03:07'),
      receivedAt: at('03:08'),
      resolvedAt: status === 'closed' ? at('03:17') : null,
      lastSeenAt: at('03:08'),
    },
    suspect: { version: foreign, key: 'k-from', liveSince: at('03:02') },
    good: { version: foreign, key: 'k-to', grade: 'verified', liveMs: 518_400_000 },
    status,
    run: status === 'taken' ? runId : null,
    version: 3,
    createdAt: at('03:08'),
  } as const;
}

const times = { detectMs: 240_000, decideMs: 120_000, executeMs: 121_000, verifyMs: null, totalMs: 660_000 };

const steps = (foreign: string): readonly NextStep[] => [
  { kind: 'choose-release', version: foreign, value: '{"service":"x"}', command: `backout rollback x to ${foreign}` },
  { kind: 'use-level', level: 3, value: '{}' },
  { kind: 'open-run', run: nextId, value: `${nextId}.1` },
  { kind: 'notify', value: `${nextId}.1` },
  { kind: 'replace', value: `${nextId}.1` },
];

/** Every reply, with the same foreign text wherever there is some. */
function everyReply(locale: Locale, foreign: string): Screen[] {
  const { run } = storyOf('verifying');
  const row = {
    run: runId,
    target,
    from: foreign,
    to: foreign,
    status: 'succeeded',
    at: at('03:11'),
    by: foreign,
    times,
  } as const;
  const gate = { target, release: foreign, now };
  return [
    ...[null, ...helpTopics].map(topic => helpReply(locale, { topic, command: '/rollback' })),
    ...[foreign, null].flatMap(service => [
      statusReply(locale, {
        service,
        runs: statuses.map(status => storyOf(status).run),
        proposals: [proposalOf(foreign)],
        holds: [holdOf(foreign)],
        freezes: [freezeOf(foreign)],
        now,
      }),
      statusReply(locale, { service, runs: [], proposals: [], holds: [], freezes: [], now }),
      historyReply(locale, {
        service,
        rows: Array.from({ length: 200 }, () => row),
        summary: { runs: 200, succeeded: 199, mttrMs: 660_000 },
        now,
      }),
      historyReply(locale, { service, rows: [], summary: { runs: 0, succeeded: 0, mttrMs: null }, now }),
    ]),
    candidatesReply(locale, {
      target,
      current: foreign,
      candidates: [
        candidate(foreign, 'verified', 'suggested'),
        candidate(foreign, 'bad', 'no'),
        ...Array.from({ length: 60 }, () => candidate(foreign, 'unproven', 'named')),
      ],
      next: steps(foreign),
      now,
    }),
    candidatesReply(locale, { target, current: null, candidates: [], next: [], now }),
    releaseReply(locale, {
      release: fullRelease(foreign),
      verdict: 'suggested',
      why: note('candidate-good', {}, foreign),
      next: steps(foreign),
      now,
    }),
    releaseReply(locale, {
      release: { ...fullRelease(foreign), spans: [], seen: null },
      verdict: 'no',
      why: null,
      next: [],
      now,
    }),
    releaseReply(locale, {
      release: candidate(foreign, 'unproven', 'named').release,
      verdict: 'named',
      why: null,
      next: [],
      now,
    }),
    ...reasonCodes.map(code =>
      refusal(locale, { reason: reason(code, { name: foreign, nearest: [foreign] }, foreign), next: steps(foreign) }),
    ),
    busy(locale, { run, next: steps(foreign), now }),
    started(locale, { run: runId, target, channel: 'C0SHOP', undoOf: nextId, knownBad: foreign }),
    ...(['approve', 'reject'] as const).flatMap(decision =>
      [true, false].map(over => voted(locale, { run: storyOf('awaiting-approval').run, decision, decided: over, now })),
    ),
    ...statuses.map(status => decided(locale, { run: storyOf(status).run, catalogue: null, now })),
    ...doneCodes.map(code =>
      done(locale, code, {
        run: 'R-4K7Q',
        target: foreign,
        release: foreign,
        grade: 'bad',
        reason: foreign,
        action: 'continue',
        check: foreign,
        passed: 'yes',
        levels: '4',
        until: '2026-11-23T09:00:00Z',
      }),
    ),
    doctorReply(
      locale,
      (['ok', 'warning', 'broken'] as const).flatMap(state =>
        Array.from({ length: 30 }, () => ({ subject: foreign, state, message: foreign, remedy: foreign })),
      ),
    ),
    doctorReply(locale, [{ subject: 'Redis', state: 'ok', message: foreign, remedy: null }]),
    problemsReply(locale, {
      file: foreign,
      kept: true,
      problems: Array.from({ length: 300 }, () => ({
        line: 3,
        column: 5,
        path: foreign,
        message: foreign,
        suggestion: foreign,
      })),
    }),
    problemsReply(locale, {
      file: 'backout.yaml',
      kept: false,
      problems: [{ line: null, column: null, path: '', message: foreign, suggestion: null }],
    }),
    reloadedReply(locale, { hash: foreign, services: 1, targets: 2, changed: true }),
    reloadedReply(locale, { hash: foreign, services: 2, targets: 1, changed: false }),
    gateReply(locale, { ...gate, stop: null }),
    gateReply(locale, { ...gate, stop: { kind: 'hold', hold: holdOf(foreign) } }),
    gateReply(locale, { ...gate, stop: { kind: 'freeze', freeze: freezeOf(foreign) } }),
    gateReply(locale, { ...gate, stop: { kind: 'busy', run: runId } }),
    gateReply(locale, { ...gate, stop: { kind: 'bad', grade: 'bad' } }),
    notConfirmed(locale),
    failure(locale),
    ...statuses.map(status =>
      showRun(viewOf(status, { locale }, { ...plainForeign, detail: foreign, reason: foreign })),
    ),
    ...(['open', 'dismissed', 'closed', 'taken'] as const).map(status =>
      renderPost(
        { thread: 'p', slot: 'root', screen: 'proposal', urgency: 'urgent' },
        { kind: 'proposal', proposal: proposalOf(foreign, status), catalogue: catalogueOf(plainForeign), now, locale },
      ),
    ),
  ];
}

function everyForm(locale: Locale, foreign: string): Form[] {
  const empty = {
    metadata: '{}',
    services: [foreign, 'b'],
    service: null,
    environments: [],
    environment: null,
    levels: [],
    level: null,
    candidates: [],
    release: null,
    scenarios: ['alert'],
    scenario: null,
    reason: null,
    note: null,
    now,
  };
  const asking = formIds.filter((id): id is ReasonFormId => id !== 'request');
  return [
    requestForm(locale, empty),
    requestForm(locale, {
      ...empty,
      services: Array.from({ length: 150 }, (_, index) => `${foreign}${index}`.slice(-140)),
      service: foreign,
      environments: ['production'],
      levels: [1, 2, 3, 4],
      level: 3,
      candidates: Array.from({ length: 150 }, (_, index) => candidate(foreign, 'soaked', 'open', `key-${index}`)),
      release: 'key-140',
      scenario: 'alert',
      reason: foreign,
      note: reason('environment-needed', { service: foreign }, foreign),
    }),
    ...asking.map(id =>
      reasonForm(locale, id, { run: storyOf('succeeded').run, metadata: `${runId}.3`, knownBad: foreign }),
    ),
  ];
}

describe('Replies and forms', () => {
  for (const locale of locales) {
    it(`are within the limits, ${locale}`, () => {
      for (const screen of everyReply(locale, '2.13.2')) expectScreen(screen);
      for (const form of everyForm(locale, 'checkout-api')) expectForm(form);
    });

    it(`tells how a deployment ended in words of ours, ${locale}`, () => {
      const release = fullRelease('2.13.2');
      const deployment = release.deployment && { ...release.deployment, status: 'rolled_back' as const };
      const screen = releaseReply(locale, {
        release: { ...release, deployment },
        verdict: 'no',
        why: null,
        next: [],
        now,
      });
      expect(screen.text).toMatch(locale === 'en' ? /Deployed: rolled back \d/ : /部署结果：已回滚 \d/);
      expect(screen.text).toMatch(locale === 'en' ? / \(60 s of it alone and well\)/ : /（其中 60 秒 独自稳定运行）/);
    });

    it(`names what each strategy is good and bad at, ${locale}`, () => {
      const { text } = helpReply(locale, { topic: 'strategies', command: '/rollback' });
      for (const name of locale === 'en' ? ['Blue/green', 'Canary', 'Rolling'] : ['蓝绿', '金丝雀', '滚动']) {
        const line = text.split('\n').find(one => one.includes(name)) ?? '';
        for (const side of locale === 'en' ? ['For it: ', 'Against it: '] : ['优势：', '劣势：'])
          expect(line, name).toContain(side);
      }
    });

    it(`stay so whatever is written into them, ${locale}`, () => {
      const text = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 2_000 }),
        fc.constant('<!channel> & <@U0EVIL> `x` *y*'),
        fc.constant('<!here>'.repeat(900)),
      );
      fc.assert(
        fc.property(text, foreign => {
          for (const screen of everyReply(locale, foreign)) expectScreen(screen, false);
          for (const form of everyForm(locale, foreign || 'x')) expectForm(form);
        }),
        { numRuns: 12 },
      );
    });
  }

  it('list the release that was chosen even where it is not among the newest', () => {
    const [, form] = everyForm('en', 'checkout-api');
    expect(JSON.stringify(form)).toContain(
      '"initial_option":{"text":{"type":"plain_text","text":"checkout-api · 02:00 · soaked","emoji":true},"value":"key-140"}',
    );
    expect(JSON.stringify(form)).toContain('51 older releases are not listed');
  });

  it('show each way on at most once as a button, and all of them as commands', () => {
    const next = [...steps('2.13.1'), ...steps('2.13.0')];
    const screen = refusal('en', { reason: reason('no-good-release', { target }), next });
    expect(buttonsOf(screen)).toEqual(['form-open', 'run-open', 'run-notify', 'run-replace']);
    expect(screen.text).toContain('backout rollback x to 2.13.0');
  });

  it('read on a terminal without Slack’s escapes', () => {
    const { text } = refusal('en', { reason: reason('unknown-service', { name: 'a<b>&c' }) });
    expect(forTerminal(text)).toBe('Not started: no service is called a<b>&c.');
  });

  it('say why a field is refused as one plain sentence', () => {
    expect(fieldError('en', reason('reason-needed'))).toBe(
      'Say why: because …. Who decides reads it, and it stands in the record.',
    );
    expect(fieldError('zh-CN', reason('unknown-service', { name: 'x' }))).toBe('没有名为 x 的服务。');
  });
});
