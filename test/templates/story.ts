import type { Catalogue, CheckSpec } from '../../src/domain/catalogue.ts';
import type { CheckResult } from '../../src/domain/check.ts';
import type { RunEvent, RunEventBody, RunRequest } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import { parseRunId, personId, type RunId, targetId } from '../../src/domain/ids.ts';
import { type Note, note } from '../../src/domain/note.ts';
import { type Actor, systemActor } from '../../src/domain/person.ts';
import type { Operation, Plan } from '../../src/domain/plan.ts';
import { reason } from '../../src/domain/reason.ts';
import type { RunWithLog } from '../../src/domain/run.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import type { RunView } from '../../templates/view.ts';

/** Everything foreign in a run: what people, alerts, git and servers write. */
export interface Foreign {
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly name: string;
  readonly detail: string;
  readonly diff: string;
  readonly title: string;
}

/** The names of the story told in the tests. */
export const plainForeign: Foreign = {
  service: 'checkout-api',
  from: '2.14.0',
  to: '2.13.2',
  reason: 'card payments fail',
  name: 'mara',
  detail: 'exceeded quota: cpu 40/40',
  diff: '--- deployment\n+++ deployment\n@@ -1,3 +1,3 @@\n-  image: shop/checkout-api:2.14.0\n+  image: shop/checkout-api:2.13.2\n-  env: 7\n',
  title: 'pods 8/8',
};

const day = new Date(2026, 10, 21);

/** Epoch ms of a clock time on the day of the story. */
export function at(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return new Date(day).setHours(hours, minutes, seconds, 0);
}

function id(text: string): RunId {
  const parsed = parseRunId(text);
  if (!parsed) throw new Error(`${text} is no run id`);
  return parsed;
}

/** The run of the story, and the one that goes on in its place. */
export const runId = id('01KAPB3Q5W8Z2N7V6TD9XF4K7Q');
/** The run that goes on in the story's place. */
export const nextId = id('01KAPB3Q5W8Z2N7V6TD9XF9ZZ2');

/** Who asks in the story. */
export function mara(foreign: Foreign): Actor {
  return { kind: 'person', person: personId('mara'), name: foreign.name, via: 'slack', slack: 'U0MARA' };
}

/** The catalogue of the story. */
export function catalogueOf(foreign: Foreign): Catalogue {
  const target = targetId(foreign.service, 'production');
  const person = (name: string, slack: string) =>
    ({ id: personId(name), name, slack: [slack], mail: null, os: [name], locale: null }) as const;
  return {
    hash: 'c0ffee',
    locale: 'en',
    people: [person('mara', 'U0MARA'), person('jon', 'U0JON')],
    roles: {
      'sre-oncall': { name: 'sre-oncall', people: [personId('jon')], slackGroups: ['S0SRE'] },
      'checkout-owners': { name: 'checkout-owners', people: [], slackGroups: [] },
    },
    permissions: {
      request: ['everyone'],
      cancel: ['everyone'],
      resolve: ['sre-oncall'],
      undo: ['everyone'],
      grade: ['everyone'],
      hold: ['everyone'],
      freeze: ['everyone'],
      reload: ['everyone'],
    },
    scenarios: ['alert', 'other'],
    rules: [],
    opsChannel: 'C0OPS',
    services: {
      [foreign.service]: {
        name: foreign.service,
        aliases: [],
        owners: 'checkout-owners',
        environments: {
          production: {
            target,
            service: foreign.service,
            environment: 'production',
            mode: 'act',
            channel: 'C0SHOP',
            locale: 'en',
            runsOn: null,
            releaseSource: null,
            soakMs: 3_600_000,
            lookBackMs: 7_200_000,
            checks: [],
            runbooks: [],
          },
        },
      },
    },
    hooks: { alertmanager: [], deployments: [] },
  };
}

const check = (checkId: string, title: string, kind = 'http'): CheckSpec => ({
  id: checkId,
  title,
  kind,
  input: {},
  timeoutMs: 300_000,
});

/** The checks of the story: the last one is ticked by a person. */
export function checksOf(foreign: Foreign): readonly CheckSpec[] {
  return [
    check('pods', foreign.title),
    check('health', 'health 20/20'),
    check('alert', 'alert to clear', 'alert-cleared'),
    check('cards', 'a card payment goes through', 'manual'),
  ];
}

function operation(index: number, foreign: Foreign): Operation {
  const summary: Note = note('deployment-goes-back', {
    object: 'deployment shop/checkout-api',
    from: foreign.from,
    to: foreign.to,
    pods: 8,
    how: 'rolling',
  });
  const base = { object: `deployment shop/${foreign.service}`, body: {}, idempotent: true };
  return {
    ...base,
    preview: { summary, diff: foreign.diff },
    fingerprint: `f${index}`,
    inverse: { ...base, preview: { summary, diff: '' } },
    index,
    step: index,
    executor: 'kubernetes.rollout-undo',
    timeoutMs: 120_000,
  };
}

/** The plan of the story. */
export function planOf(foreign: Foreign): Plan {
  const identity = { image: 'sha256:1' };
  return {
    run: runId,
    target: targetId(foreign.service, 'production'),
    level: 3,
    strategy: 'rollout-undo',
    runbook: 'code',
    from: { key: 'k-from', version: foreign.from, identity, grade: 'suspect' },
    to: { key: 'k-to', version: foreign.to, identity, grade: 'verified' },
    goodBecause: note('verdict-passed', { run: '7Q2K' }),
    operations: [operation(0, foreign)],
    blastRadius: [note('pods-replaced', { object: 'checkout-api', pods: 8, how: 'rolling' })],
    interruption: { kind: 'none' },
    reversible: true,
    notRolledBack: [note('configuration-stays', { object: 'checkout-api', name: 'ConfigMap checkout-flags' })],
    notChecked: [note('image-not-pulled', { object: 'checkout-api', version: foreign.to }, foreign.detail)],
    warnings: [],
    expectedMs: 120_000,
    rtoMs: 900_000,
    checks: checksOf(foreign),
    onFailure: 'needs-operator',
    fingerprint: 'plan-fingerprint',
  };
}

function request(foreign: Foreign): RunRequest {
  return {
    target: targetId(foreign.service, 'production'),
    level: null,
    strategy: null,
    release: null,
    scenario: 'alert',
    reason: foreign.reason,
    by: mara(foreign),
    mode: 'act',
    channel: 'C0SHOP',
    locale: 'en',
    catalogue: 'c0ffee',
    floor: 1,
    detectedAt: at('03:07'),
    suspectRelease: 'k-from',
    episode: 'e1',
    causedBy: null,
    undoOf: null,
    proposal: null,
    runsOn: null,
  };
}

function result(spec: CheckSpec, status: CheckResult['status'], said: Note, time: string): CheckResult {
  return { ...spec, status, note: said, startedAt: at('03:15'), endedAt: at(time) };
}

type Timed = readonly [time: string, body: RunEventBody];

function opening(foreign: Foreign): Timed[] {
  return [
    ['03:11', { kind: 'requested', request: request(foreign), status: 'requested' }],
    [
      '03:11:02',
      {
        kind: 'planned',
        plan: planOf(foreign),
        considered: [
          { level: 2, runbook: 'config', outcome: 'skipped', why: reason('nothing-to-change', {}, foreign.detail) },
          { level: 3, runbook: 'code', outcome: 'taken', why: null },
        ],
        status: 'planned',
      },
    ],
    [
      '03:11:03',
      {
        kind: 'approval-asked',
        rule: {
          name: 'production',
          seats: [{ role: 'sre-oncall', count: 1 }],
          requesterExcluded: true,
          withinMs: 600_000,
          remindBeforeMs: 180_000,
        },
        withinMs: 597_000,
        planFingerprint: 'plan-fingerprint',
        status: 'awaiting-approval',
      },
    ],
  ];
}

function vote(decision: 'approve' | 'reject', foreign: Foreign): RunEventBody {
  const why = decision === 'reject' ? foreign.reason : null;
  return {
    kind: 'voted',
    vote: { person: personId('jon'), name: 'jon', via: 'slack', decision, reason: why, roles: ['sre-oncall'] },
  };
}

function driving(foreign: Foreign): Timed[] {
  const mine = mara(foreign);
  return [
    ['03:12', { kind: 'vote-refused', by: mine, reason: reason('requester-excluded', { roles: ['sre-oncall'] }) }],
    ['03:13', vote('approve', foreign)],
    ['03:13', { kind: 'approved', status: 'approved' }],
    ['03:13:01', { kind: 'preflight-started', worker: 'worker-1', fence: 1, status: 'preflight' }],
    ['03:13:01', { kind: 'execution-started', status: 'executing' }],
    ['03:13:02', { kind: 'operation-begun', phase: 'apply', index: 0, fence: 1, attempt: 1, worker: 'worker-1' }],
  ];
}

function rolledOut(foreign: Foreign): Timed[] {
  const said = note('rolled-out', { object: 'checkout-api', pods: 8, version: foreign.to, ready: 8 }, foreign.detail);
  return [
    [
      '03:15',
      { kind: 'operation-ended', phase: 'apply', index: 0, fence: 1, how: 'applied', note: said, served: true },
    ],
    ['03:15', { kind: 'executed', status: 'verifying' }],
  ];
}

function checked(foreign: Foreign, last: CheckResult['status']): Timed[] {
  const [pods, health, alert, cards] = checksOf(foreign) as [CheckSpec, CheckSpec, CheckSpec, CheckSpec];
  const said = note('manual-passed', {}, foreign.detail);
  return [
    ['03:15:10', { kind: 'check-ended', result: result(pods, 'passed', said, '03:15:10') }],
    ['03:16', { kind: 'check-ended', result: result(health, 'passed', said, '03:16') }],
    ['03:17', { kind: 'check-ticked', check: 'cards', by: mara(foreign), passed: true }],
    ['03:17', { kind: 'check-ended', result: result(cards, 'passed', said, '03:17') }],
    ['03:18', { kind: 'check-ended', result: result(alert, last, note('alert-firing', {}, foreign.detail), '03:18') }],
  ];
}

type Ending = Extract<RunEventBody, { kind: 'ended' }>;

function ended(status: Ending['status'], more: Partial<Ending> = {}): Timed {
  return ['03:18', { kind: 'ended', status, reason: null, by: systemActor('worker-1'), ...more }];
}

function stopping(foreign: Foreign): Timed {
  return [
    '03:15',
    {
      kind: 'stopped',
      reason: reason('not-settled', { object: 'the last 3 pods' }, foreign.detail),
      now: [note('pods-on', { object: 'checkout-api', ready: 5, pods: 8, version: foreign.to })],
      byHand: ['kubectl -n shop describe quota', `kubectl -n shop get pods # ${foreign.detail}`],
      status: 'needs-operator',
    },
  ];
}

/** The log of the story, as it is when the run is in a status. */
export function logOf(status: RunStatus, foreign: Foreign = plainForeign): RunEvent[] {
  const open = opening(foreign);
  const driven = [...open, ...driving(foreign)];
  const out = [...driven, ...rolledOut(foreign)];
  const stopped = [...driven, stopping(foreign)];
  const failing: Timed[] = [
    ...driven,
    [
      '03:14',
      {
        kind: 'operation-failed',
        phase: 'apply',
        index: 0,
        fence: 1,
        reason: reason('step-failed', { step: 1 }, foreign.detail),
        served: false,
      },
    ],
    ['03:14', { kind: 'failing', reason: reason('step-failed', { step: 1 }, foreign.detail), status: 'failing' }],
  ];
  const back: Timed[] = [...failing, ['03:14', { kind: 'compensation-started', status: 'compensating' }]];
  const by = mara(foreign);
  const stories: Readonly<Record<RunStatus, Timed[]>> = {
    requested: open.slice(0, 1),
    planned: open.slice(0, 2),
    'awaiting-approval': open,
    approved: driven.slice(0, -3),
    preflight: driven.slice(0, -2),
    executing: driven,
    verifying: [...out, ...checked(foreign, 'waiting').slice(0, 2)],
    failing,
    cancelling: [
      ...driven,
      ['03:14', { kind: 'stop-asked', by, reason: foreign.reason }],
      ['03:14', { kind: 'cancelling', status: 'cancelling' }],
    ],
    compensating: back,
    'needs-operator': stopped,
    succeeded: [...out, ...checked(foreign, 'passed'), ended('succeeded')],
    compensated: [...back, ended('compensated', { reason: reason('step-failed', { step: 1 }, foreign.detail) })],
    partial: [
      ...stopped,
      ['03:20', { kind: 'operator-decided', action: 'next-level', by, reason: foreign.reason }],
      ended('partial', { by, reason: reason('superseded-by-run', { run: 'R-9ZZ2' }), next: nextId }),
    ],
    failed: [...open.slice(0, 1), ended('failed', { reason: reason('target-unreachable', {}, foreign.detail) })],
    rejected: [...open, ['03:12', vote('reject', foreign)], ended('rejected')],
    expired: [...open, ['03:18', { kind: 'reminded' }], ended('expired', { reason: reason('approval-expired') })],
    cancelled: [...open, ended('cancelled', { by, reason: reason('cancelled-by-person', { by: foreign.name }) })],
    superseded: [
      ...open,
      ended('superseded', { reason: reason('target-changed', { object: foreign.title }), next: nextId }),
    ],
    noop: [...open.slice(0, 2), ended('noop', { reason: reason('observe-only') })],
  };
  return stories[status].map(([time, body], index) => ({ ...body, version: index + 1, at: at(time) }));
}

/** The run of the story in a status. */
export function storyOf(status: RunStatus, foreign: Foreign = plainForeign): RunWithLog {
  const events = logOf(status, foreign);
  return { run: foldRun(runId, events), events };
}

/** A view of the story in a status. */
export function viewOf(status: RunStatus, change: Partial<RunView> = {}, foreign: Foreign = plainForeign): RunView {
  return {
    kind: 'run',
    run: storyOf(status, foreign),
    catalogue: catalogueOf(foreign),
    progress: null,
    now: at('03:18:30'),
    locale: 'en',
    ...change,
  };
}
