import { describe, expect, it } from 'vitest';
import type { RunEventBody } from '../../src/domain/event.ts';
import { note } from '../../src/domain/note.ts';
import { Refusal, reason, Unanswered } from '../../src/domain/reason.ts';
import { LeaseLost } from '../../src/execute/lease.ts';
import { driveOperation } from '../../src/execute/operation.ts';
import type { Executor, Observation, Settlement } from '../../src/ports/executor.ts';
import { bareDeps, bareLease, bareTask } from './bare.ts';

type State = Observation['state'] | 'away' | 'silent' | 'refused';

/** An executor that is seen in these states one after the other, and notes what it is asked to do. */
interface Script {
  readonly begun?: 'fresh' | 'resume' | 'done' | 'fenced' | 'halted';
  readonly states: readonly State[];
  readonly apply?: 'fails' | 'refuses' | 'unreachable' | 'silent' | 'hangs';
  readonly settled?: Settlement | 'silent' | 'hangs';
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
}

const silence = () => new Unanswered(reason('target-unreachable', {}, 'no answer'));

async function drive(script: Script) {
  const did: string[] = [];
  const counted: (number | 'now')[] = [];
  const noted: RunEventBody[] = [];
  const states = [...script.states];
  let settles = 0;
  const aborted = (signal: AbortSignal) =>
    new Promise<never>((_, fail) => signal.addEventListener('abort', () => fail(signal.reason), { once: true }));
  const executor: Executor = {
    kind: 'scripted',
    plan: () => Promise.reject(new Error('not planned here')),
    raiseFence: async ({ fence }) => void did.push(`fence ${fence}`),
    observe: async () => {
      const state = states.length > 1 ? states.shift() : states[0];
      did.push(`see ${state}`);
      if (state === 'away' || state === undefined) throw new Error('no answer');
      if (state === 'silent') throw silence();
      if (state === 'refused') throw new Refusal(reason('permission-missing'));
      return { state, fingerprint: 'f', note: note('seen', { state }) };
    },
    apply: async ({ signal, idempotencyKey }) => {
      did.push(`apply ${idempotencyKey.split('/').slice(1).join('/')}`);
      if (script.apply === 'fails') throw new Error('connection reset');
      if (script.apply === 'silent') throw silence();
      if (script.apply === 'unreachable') throw new Refusal(reason('target-unreachable'));
      if (script.apply === 'refuses') throw new Refusal(reason('target-changed'));
      if (script.apply === 'hangs') await aborted(signal);
    },
    settle: async ({ signal, countsFrom = 0 }) => {
      did.push('settle');
      counted.push(countsFrom);
      if (script.settled === 'hangs') await aborted(signal);
      if (script.settled === 'silent' && ++settles < 3) throw silence();
      return script.settled === undefined || typeof script.settled === 'string'
        ? { state: 'settled', note: note('settled'), served: true }
        : script.settled;
    },
  };
  const deps = bareDeps(executor, {
    begin: async () => script.begun ?? 'fresh',
    change: async (_, guard, { events }) => {
      expect(guard).toEqual({ fence: 4 });
      noted.push(...events);
      return { ok: true, version: 1, at: 0 };
    },
  });
  const task = { ...bareTask(executor, { idempotent: script.idempotent ?? false }, script.timeoutMs), countsFrom: 7 };
  const finding = await driveOperation(deps, bareLease(), task);
  const result =
    finding.kind === 'ended'
      ? finding.how
      : finding.kind === 'done' || finding.kind === 'halted'
        ? finding.kind
        : `${finding.kind} ${finding.reason.code}`;
  return { result, did, counted, noted: noted.map(({ kind }) => kind), finding };
}

const applied = ['fence 4', 'see not-applied', 'apply apply/2', 'settle', 'see applied'];

describe('the step protocol', () => {
  const cases: readonly (readonly [string, Script, string, readonly string[]])[] = [
    ['fresh', { states: ['not-applied', 'applied'] }, 'applied', applied],
    ['already so', { states: ['applied'] }, 'noop', ['fence 4', 'see applied', 'settle', 'see applied']],
    [
      'fresh and never to be seen',
      { states: ['unknown'] },
      'applied',
      ['fence 4', 'see unknown', 'apply apply/2', 'settle', 'see unknown'],
    ],
    [
      'resumed, took effect',
      { begun: 'resume', states: ['applied'] },
      'adopted',
      ['fence 4', 'see applied', 'settle', 'see applied'],
    ],
    ['resumed, did not take effect', { begun: 'resume', states: ['not-applied', 'applied'] }, 'applied', applied],
    [
      'resumed, under way',
      { begun: 'resume', states: ['in-progress', 'applied'] },
      'adopted',
      ['fence 4', 'see in-progress', 'settle', 'see applied'],
    ],
    [
      'resumed, under way and fell back',
      { begun: 'resume', states: ['in-progress', 'not-applied', 'applied'] },
      'applied',
      ['fence 4', 'see in-progress', 'settle', 'see not-applied', 'apply apply/2', 'settle', 'see applied'],
    ],
    [
      'resumed, cannot be seen',
      { begun: 'resume', states: ['unknown'] },
      'unknown step-unknown',
      ['fence 4', 'see unknown'],
    ],
    [
      'resumed, cannot be seen, idempotent',
      { begun: 'resume', states: ['unknown'], idempotent: true },
      'applied',
      ['fence 4', 'see unknown', 'apply apply/2', 'settle', 'see unknown'],
    ],
    ['recorded already', { begun: 'done', states: [] }, 'done', []],
    ['not to be begun any more', { begun: 'halted', states: [] }, 'halted', []],
    [
      'settled, but not there',
      { states: ['not-applied'] },
      'failed not-settled',
      ['fence 4', 'see not-applied', 'apply apply/2', 'settle', 'see not-applied'],
    ],
    ['the target refuses to be seen', { states: ['refused'] }, 'failed permission-missing', ['fence 4', 'see refused']],
    [
      'resumed, the target refuses to be seen',
      { begun: 'resume', states: ['refused'] },
      'unknown permission-missing',
      ['fence 4', 'see refused'],
    ],
    [
      'the target is away for a moment',
      { states: ['away', 'not-applied', 'applied'] },
      'applied',
      ['fence 4', 'see away', ...applied.slice(1)],
    ],
    [
      'apply is refused',
      { states: ['not-applied'], apply: 'refuses' },
      'failed target-changed',
      ['fence 4', 'see not-applied', 'apply apply/2', 'see not-applied'],
    ],
    [
      'apply is cut off, it took effect',
      { states: ['not-applied', 'applied'], apply: 'fails' },
      'applied',
      ['fence 4', 'see not-applied', 'apply apply/2', 'see applied', 'settle', 'see applied'],
    ],
    [
      'apply is cut off, it did not take effect',
      { states: ['not-applied'], apply: 'fails' },
      'failed step-failed',
      ['fence 4', 'see not-applied', 'apply apply/2', 'see not-applied'],
    ],
    [
      'apply is cut off, cannot be seen',
      { states: ['unknown'], apply: 'fails' },
      'unknown step-failed',
      ['fence 4', 'see unknown', 'apply apply/2', 'see unknown'],
    ],
    [
      'apply is refused for lack of a target, which cannot be looked at either',
      { states: ['not-applied', 'refused'], apply: 'unreachable', idempotent: true },
      'unknown target-unreachable',
      ['fence 4', 'see not-applied', 'apply apply/2', 'see refused'],
    ],
    [
      'apply hangs',
      { states: ['not-applied'], apply: 'hangs', timeoutMs: 50 },
      'failed step-timeout',
      ['fence 4', 'see not-applied', 'apply apply/2', 'see not-applied'],
    ],
    [
      'the target gives no answer for a moment',
      { states: ['silent', 'silent', 'not-applied', 'applied'] },
      'applied',
      ['fence 4', 'see silent', 'see silent', ...applied.slice(1)],
    ],
    [
      'resumed, the target gives no answer for a moment',
      { begun: 'resume', states: ['silent', 'not-applied', 'applied'] },
      'applied',
      ['fence 4', 'see silent', ...applied.slice(1)],
    ],
    [
      'no answer to apply nor to the looks behind it, it took effect',
      { states: ['not-applied', 'silent', 'silent', 'applied'], apply: 'silent', idempotent: true },
      'applied',
      [
        'fence 4',
        'see not-applied',
        'apply apply/2',
        'see silent',
        'see silent',
        'see applied',
        'settle',
        'see applied',
      ],
    ],
    [
      'no answer to apply, it did not take effect: applied anew, a few times',
      { states: ['not-applied'], apply: 'silent', idempotent: true },
      'failed target-unreachable',
      ['fence 4', ...Array.from({ length: 3 }, () => ['see not-applied', 'apply apply/2']).flat(), 'see not-applied'],
    ],
    [
      'no answer to settling for a moment',
      { states: ['not-applied', 'applied'], settled: 'silent' },
      'applied',
      ['fence 4', 'see not-applied', 'apply apply/2', 'settle', 'settle', 'settle', 'see applied'],
    ],
    [
      'no answer to the last look for a moment',
      { states: ['not-applied', 'silent', 'applied'] },
      'applied',
      ['fence 4', 'see not-applied', 'apply apply/2', 'settle', 'see silent', 'see applied'],
    ],
    [
      'it never comes to rest',
      { states: ['not-applied', 'applied'], settled: 'hangs', timeoutMs: 50 },
      'failed step-timeout',
      applied,
    ],
  ];
  it.each(cases)('%s', async (_, script, result, did) => {
    const driven = await drive(script);
    expect([driven.result, driven.did]).toEqual([result, did]);
    expect(driven.noted).toEqual(script.begun === 'resume' ? ['operation-observed'] : []);
  });

  it('keeps whether an instance served where it fails; unknown counts as served', async () => {
    const settled: Settlement = { state: 'failed', reason: reason('not-settled'), served: false };
    expect((await drive({ states: ['not-applied', 'in-progress'], settled })).finding).toMatchObject({ served: false });
    const hung = await drive({ states: ['not-applied', 'applied'], settled: 'hangs', timeoutMs: 50 });
    expect(hung.finding).toMatchObject({ served: true });
  });

  it('knows nothing of an apply that was cut off where the target is not seen any more, though it might be repeated', async () => {
    const script = { states: ['not-applied', 'silent'], apply: 'silent', idempotent: true, timeoutMs: 50 } as const;
    expect(await drive(script)).toMatchObject({ result: 'unknown target-unreachable' });
  });

  it.each<readonly [string, Script, number | 'now']>([
    ['its own write, where it is written', { states: ['not-applied', 'applied'] }, 0],
    ['now, where it is found in place', { states: ['applied'] }, 'now'],
    ['now, where somebody else brings it about', { states: ['in-progress', 'applied'] }, 'now'],
    ['what the task says, where it is resumed', { begun: 'resume', states: ['applied'] }, 7],
  ])('its time counts from %s', async (_, script, from) => {
    expect((await drive(script)).counted).toEqual([from]);
  });

  it.each<readonly [string, Script, boolean]>([
    ['it cannot be looked at before', { states: ['refused'] }, true],
    ['its precondition does not hold', { states: ['not-applied'], apply: 'refuses' }, true],
    ['that, and it was begun before', { begun: 'resume', states: ['not-applied'], apply: 'refuses' }, false],
    ['that, and nobody can say what is there', { states: ['not-applied', 'unknown'], apply: 'refuses' }, false],
    ['it is cut off', { states: ['not-applied'], apply: 'fails' }, false],
  ])('knows whether it wrote anything: %s', async (_, script, untouched) => {
    const { finding } = await drive(script);
    expect(finding.kind === 'failed' && finding.untouched === true).toBe(untouched);
  });

  it('writes nothing where another worker drives', async () => {
    await expect(drive({ begun: 'fenced', states: [] })).rejects.toThrow(LeaseLost);
  });
});
