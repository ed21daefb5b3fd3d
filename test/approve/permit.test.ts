import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvePlan } from '../../src/approve/permit.ts';
import { refuseVote } from '../../src/approve/votes.ts';
import type { Vote } from '../../src/domain/approval.ts';
import type { RunEvent, RunEventBody } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import { personId } from '../../src/domain/ids.ts';
import type { AwaitingRun, DrivenRun } from '../../src/domain/run.ts';
import { aPlan, aRequest, newId, oneSeat } from '../engine/sample.ts';
import { asker, jobsCatalogue } from '../jobs/catalogue.ts';

const catalogue = jobsCatalogue();
const vote = (person: string, roles: readonly string[], decision: Vote['decision'] = 'approve'): RunEventBody => ({
  kind: 'voted',
  vote: { person: personId(person), name: person, via: 'cli', decision, reason: null, roles },
});

/** A run of one vote's rule with these events after it was asked about, one second apart. */
function run(bodies: readonly RunEventBody[], planFingerprint = 'plan', seats = oneSeat.seats): DrivenRun {
  const id = newId();
  const asked: RunEventBody[] = [
    { kind: 'requested', request: aRequest({ by: asker }), status: 'requested' },
    { kind: 'planned', plan: aPlan(id, 1), considered: [], status: 'planned' },
    {
      kind: 'approval-asked',
      rule: { ...oneSeat, seats },
      withinMs: 600_000,
      planFingerprint,
      status: 'awaiting-approval',
    },
    ...bodies,
  ];
  return foldRun(
    id,
    asked.map((body, at) => ({ ...body, version: at + 1, at: at * 1_000 }) as RunEvent),
  ) as DrivenRun;
}
const approved: RunEventBody = { kind: 'approved', status: 'approved' };

describe('the permit to run a plan (I6, I14)', () => {
  it.each([
    ['one vote of the role', run([vote('jon', ['oncall']), approved]), 'approved'],
    ['no vote', run([approved]), 'refused'],
    ['a vote of somebody without the role', run([vote('jon', ['owners']), approved]), 'refused'],
    ['the requester’s own vote', run([vote('mara', ['oncall']), approved]), 'refused'],
    ['a rejection', run([vote('jon', ['oncall'], 'reject'), approved]), 'refused'],
    ['votes for another plan', run([vote('jon', ['oncall']), approved], 'another'), 'refused'],
    [
      'one person for two seats',
      run([vote('jon', ['oncall']), vote('jon', ['oncall']), approved], 'plan', [{ role: 'oncall', count: 2 }]),
      'refused',
    ],
  ] as const)('%s', (_, asked, kind) => {
    expect(approvePlan(asked, catalogue).kind).toBe(kind);
  });

  it('is never given for a plan that was changed after the votes', () => {
    const asked = run([vote('jon', ['oncall']), approved]);
    expect(approvePlan({ ...asked, plan: { ...asked.plan, fingerprint: 'edited' } }, catalogue).kind).toBe('refused');
    expect(approvePlan({ ...asked, plan: { ...asked.plan, run: newId() } }, catalogue).kind).toBe('refused');
  });

  it('is never given in observe mode', () => {
    const asked = run([vote('jon', ['oncall']), approved]);
    const observed = { ...asked, request: { ...asked.request, mode: 'observe' as const } };
    expect(approvePlan(observed, catalogue)).toMatchObject({ kind: 'refused', reason: { code: 'observe-only' } });
  });

  it('without votes only where the run’s own rule asks nobody', () => {
    const silent = { ...run([approved]), approval: null };
    expect(approvePlan(silent, catalogue).kind).toBe('refused');
    const [rule] = catalogue.rules;
    if (!rule) throw new Error('no rule');
    expect(approvePlan(silent, { rules: [{ ...rule, seats: [] }] }).kind).toBe('approved');
    expect(approvePlan(silent, { rules: [] }).kind).toBe('refused');
  });

  it('whoever votes in whatever order: only with enough distinct people of the role, never the requester', () => {
    const people = fc.array(fc.tuple(fc.constantFrom('mara', 'jon', 'lee', 'dana'), fc.boolean()), { maxLength: 8 });
    fc.assert(
      fc.property(people, fc.integer({ min: 1, max: 3 }), (cast, count) => {
        const votes = cast.map(([person, oncall]) => vote(person, oncall ? ['oncall'] : []));
        const able = new Map(cast.map(([person, oncall]) => [person, oncall]));
        able.delete('mara');
        const enough = [...able.values()].filter(oncall => oncall).length >= count;
        const seats = [{ role: 'oncall', count }];
        expect(approvePlan(run([...votes, approved], 'plan', seats), catalogue).kind).toBe(
          enough ? 'approved' : 'refused',
        );
      }),
    );
  });
});

describe('a vote', () => {
  const waiting = run([vote('lee', ['oncall'])]) as unknown as AwaitingRun;
  it.each([
    ['counts', 'jon', ['oncall'], [], 5_000, null],
    ['of the requester does not', 'mara', ['oncall'], [], 5_000, 'requester-excluded'],
    ['is cast once', 'lee', ['oncall'], [], 5_000, 'already-voted'],
    ['needs the role', 'jon', [], [], 5_000, 'not-allowed'],
    ['is not guessed', 'jon', [], ['oncall'], 5_000, 'membership-unknown'],
    ['comes in time', 'jon', ['oncall'], [], 602_001, 'approval-expired'],
  ] as const)('%s', (_, person, held, unknown, now, refusal) => {
    expect(refuseVote(waiting, { id: personId(person) }, held, unknown, now)?.code ?? null).toBe(refusal);
  });
});
