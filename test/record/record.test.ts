import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import { note } from '../../src/domain/note.ts';
import type { Run } from '../../src/domain/run.ts';
import { liveSince, recordData } from '../../src/record/record-data.ts';
import { verificationReport } from '../../src/verify/report.ts';
import { aPlan, aRequest, newId, oneSeat, outcome } from '../engine/sample.ts';
import { asker } from '../jobs/catalogue.ts';

const second = 1_000;
const result = (id: string, status: 'passed' | 'failed') =>
  ({ id, title: id, kind: 'http', status, note: note('said'), startedAt: 60 * second, endedAt: 62 * second }) as const;

/** A run whose trouble began at 10 s, asked for at 20 s; each further event at the second named. */
function log(end: readonly [number, RunEventBody][]) {
  const id = newId();
  const bodies: [number, RunEventBody][] = [
    [20, { kind: 'requested', request: aRequest({ by: asker, detectedAt: 10 * second }), status: 'requested' }],
    [21, { kind: 'planned', plan: aPlan(id, 1), considered: [], status: 'planned' }],
    [
      22,
      {
        kind: 'approval-asked',
        rule: oneSeat,
        withinMs: 600_000,
        planFingerprint: 'plan',
        status: 'awaiting-approval',
      },
    ],
    [25, { kind: 'vote-refused', by: asker, reason: { code: 'requester-excluded' } }],
    [
      30,
      {
        kind: 'voted',
        vote: { person: 'jon' as never, name: 'Jon', via: 'cli', decision: 'approve', reason: null, roles: ['oncall'] },
      },
    ],
    [30, { kind: 'approved', status: 'approved' }],
    [31, { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' }],
    [32, { kind: 'execution-started', status: 'executing' }],
    [33, { kind: 'operation-begun', phase: 'apply', index: 0, fence: 1, attempt: 1, worker: 'w' }],
    [50, outcome(1, 0)],
    [55, { kind: 'executed', status: 'verifying' }],
    ...end,
  ];
  const events = bodies.map(([at, body], n) => ({ ...body, version: n + 1, at: at * second }) as RunEvent);
  return { run: foldRun(id, events), events };
}

const good = log([
  [62, { kind: 'check-ended', result: result('health', 'passed') }],
  [
    70,
    { kind: 'ended', status: 'succeeded', reason: null, by: asker, verdict: { passed: true, at: 70_000, results: [] } },
  ],
]);

describe('since when the release that was left was live', () => {
  const from = { key: 'left', version: '2.0.0', identity: {}, grade: 'unproven' } as const;
  const plan = good.run.plan && { ...good.run.plan, from };
  const span = (from: number, until: number | null) => ({ from: from * second, until, soakedMs: 0 });
  it.each([
    ['its last span before the run', [span(3, 8_000), span(12, 60_000), span(66, null)], 12_000],
    ['nothing where it was not seen live before', [span(66, null)], null],
    ['nothing where it is not known', null, null],
  ] as const)('%s', (_, spans, since) => {
    const left = spans ? [{ key: 'left', spans }] : [];
    expect(liveSince({ ...good.run, plan } as Run, left)).toBe(since);
  });
});

describe('the record of a run', () => {
  it('names the moments in order, with who did them (inventory 321)', () => {
    expect(recordData(good, 5 * second).steps).toEqual([
      { at: 5_000, what: 'live', who: null },
      { at: 10_000, what: 'detected', who: null },
      { at: 20_000, what: 'asked', who: 'Mara' },
      { at: 30_000, what: 'approved', who: 'Jon' },
      { at: 32_000, what: 'started', who: null },
      { at: 55_000, what: 'executed', who: null },
      { at: 70_000, what: 'verified', who: null },
    ]);
  });

  it('says how long each part took (inventory 314)', () => {
    const { times, impactMs, trigger } = recordData(good, null);
    expect(times).toEqual({ detectMs: 10_000, decideMs: 10_000, executeMs: 25_000, verifyMs: 15_000, totalMs: 60_000 });
    expect([impactMs, trigger]).toEqual([60_000, 'manual']);
  });

  it('lists what is missing and the clicks that did not count', () => {
    const data = recordData(good, null);
    expect(data.missing).toEqual(['scope', 'users', 'data', 'root-cause', 'improvements', 'lessons']);
    expect(data.refused.map(({ reason }) => reason.code)).toEqual(['requester-excluded']);
  });
});

describe('the verification report (inventory 305)', () => {
  it('tells each check with its time, and what to look at', () => {
    const stopped = log([
      [61, { kind: 'check-ended', result: result('health', 'passed') }],
      [62, { kind: 'check-ended', result: result('version', 'failed') }],
      [63, { kind: 'stopped', reason: { code: 'verification-failed' }, now: [], byHand: [], status: 'needs-operator' }],
    ]);
    expect(verificationReport(stopped.run, ({ code }) => code)).toEqual({
      timestamp: '1970-01-01T00:01:03.000Z',
      environment: 'production',
      overallStatus: 'failed',
      duration: 8_000,
      checks: [
        { name: 'health', status: 'passed', duration: 2_000, details: 'said' },
        { name: 'version', status: 'failed', duration: 2_000, details: 'said' },
      ],
      recommendations: ['version: said'],
    });
    expect(verificationReport(good.run, ({ code }) => code)?.overallStatus).toBe('passed');
  });
});
