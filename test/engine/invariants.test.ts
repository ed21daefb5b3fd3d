import { afterEach, expect, test, vi } from 'vitest';
import { keys } from '../../src/adapters/redis/keys.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { type Operation, spanOf } from '../../src/domain/plan.ts';
import { isFinal, isRunnable, type RunStatus, statuses, transitions } from '../../src/domain/status.ts';
import { everyHistory, type History } from './history.ts';
import { useRig } from './rig.ts';
import { needsNobody, size } from './world.ts';

const rig = useRig();
const timeout = 90_000;

afterEach(() => {
  vi.useRealTimers();
});

function statusSteps(events: readonly RunEvent[]): [RunStatus, RunStatus][] {
  const steps: [RunStatus, RunStatus][] = [];
  let before: RunStatus = 'requested';
  for (const event of events.slice(1)) {
    if (!('status' in event) || !event.status) continue;
    steps.push([before, event.status]);
    before = event.status;
  }
  return steps;
}

function operationsOf(events: readonly RunEvent[]): readonly Operation[] {
  const planned = events.findLast(event => event.kind === 'planned');
  return planned?.kind === 'planned' ? planned.plan.operations : [];
}

function each(history: History, judge: (events: readonly RunEvent[]) => void): void {
  for (const events of history.logs.values()) judge(events);
}

test('I1: a run moves along the table only, its version counts its events, and an end is never left', { timeout }, () =>
  everyHistory(rig, history => {
    each(history, events => {
      expect(events.map(event => event.version)).toEqual(events.map((_, at) => at + 1));
      for (const [from, to] of statusSteps(events)) {
        expect(transitions[from]).toContain(to);
      }
    });
    expect(history.world.misplaced).toBe(0);
    for (const seen of history.world.seen.values()) {
      const end = seen.findIndex(isFinal);
      if (end >= 0) expect(new Set(seen.slice(end)).size).toBe(1);
    }
  }),
);

test('I2: replaying the log gives the record', { timeout }, () =>
  everyHistory(rig, async history => {
    for (const run of history.runs) {
      const record = await rig.connection.redis.hgetall(keys.run(run.id));
      expect(record).toMatchObject({ status: run.status, version: String(run.version), target: run.request.target });
      expect(Number(record.fence)).toBeGreaterThanOrEqual(run.fence);
      expect(record.recorded === '1').toBe(run.recorded !== null);
      for (const { phase, index, outcome, failure, fence } of run.journal) {
        expect(record[`${phase}:${index}`]).toBe(outcome ? 'ended' : failure ? 'failed' : String(fence));
      }
    }
  }),
);

test(
  'I3: an operation has one outcome at most, after its intent and after the outcomes of all groups before it',
  {
    timeout,
  },
  () =>
    everyHistory(rig, history =>
      each(history, events => {
        const done = new Set<string>();
        const begun = new Set<string>();
        const operations = operationsOf(events);
        for (const event of events) {
          if (event.kind === 'operation-begun') {
            expect(done).not.toContain(`${event.phase}/${event.index}`);
            const { first, last } = spanOf(operations, event.index);
            const before = (index: number) => (event.phase === 'apply' ? index < first : index > last);
            for (const { index } of operations.filter(one => before(one.index))) {
              if (event.phase === 'apply') expect(done).toContain(`apply/${index}`);
              else if (begun.has(`revert/${index}`)) expect(done).toContain(`revert/${index}`);
            }
            begun.add(`${event.phase}/${event.index}`);
          }
          if (event.kind !== 'operation-ended') continue;
          const key = `${event.phase}/${event.index}`;
          expect(begun).toContain(key);
          expect(done).not.toContain(key);
          done.add(key);
        }
      }),
    ),
);

test('I3: beside one that failed nothing new begins, nor once a stop was asked', { timeout }, async () => {
  let overlapped = 0;
  await everyHistory(
    rig,
    history =>
      each(history, events => {
        const failed = new Set<string>();
        const open = new Set<string>();
        const operations = operationsOf(events);
        let stopAsked = false;
        for (const event of events) {
          if (event.kind === 'stop-asked') stopAsked = true;
          if (event.kind === 'operator-decided') stopAsked = false;
          if (event.kind === 'operation-failed') failed.add(`${event.phase}/${event.index}`);
          if (event.kind === 'operation-ended' || event.kind === 'operation-failed')
            open.delete(`${event.phase}/${event.index}`);
          if (event.kind !== 'operation-begun') continue;
          const { first, last } = spanOf(operations, event.index);
          const beside = operations.slice(first, last + 1).map(({ index }) => `${event.phase}/${index}`);
          if (event.attempt === 1) {
            expect(beside.filter(name => failed.has(name))).toEqual([]);
            if (event.phase === 'apply') expect(stopAsked).toBe(false);
          }
          // A run may turn round with an operation open, whose worker died; that a living one waits is tried in test/jobs/many.test.ts.
          for (const name of open) if (name.startsWith(event.phase)) expect(beside).toContain(name);
          failed.delete(`${event.phase}/${event.index}`);
          open.add(`${event.phase}/${event.index}`);
          if (open.size > 1) overlapped += 1;
        }
      }),
    40,
  );
  expect(overlapped).toBeGreaterThan(0);
});

test('I4: fences on a target grow, and a lower one writes nothing but that it came late', { timeout }, () =>
  everyHistory(rig, history => {
    for (const fences of history.world.fences.values()) {
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    }
    each(history, events => {
      let highest = 0;
      for (const event of events) {
        if (event.kind === 'operation-begun') {
          expect(event.fence).toBeGreaterThanOrEqual(highest);
          highest = event.fence;
        }
        if (event.kind === 'operation-failed') expect(event.fence).toBe(highest);
      }
    });
  }),
);

test('I5: one open run and one owner for a target; what runs execute there never overlaps', { timeout }, () =>
  everyHistory(rig, async history => {
    const spans = history.runs.map(run => ({
      target: run.request.target,
      from: run.createdAt,
      until: 'endedAt' in run ? run.endedAt : Number.POSITIVE_INFINITY,
    }));
    for (const target of new Set(spans.map(span => span.target))) {
      const inOrder = spans.filter(span => span.target === target).sort((a, b) => a.from - b.from || a.until - b.until);
      for (const [at, span] of inOrder.entries()) {
        expect(span.until).toBeLessThanOrEqual(inOrder[at + 1]?.from ?? Number.POSITIVE_INFINITY);
      }
      const open = history.runs.find(run => run.request.target === target && !isFinal(run.status))?.id ?? null;
      expect(await rig.store.openRun(target)).toBe(open);
    }
  }),
);

test('I6: approved means a quorum of different people, in time, for the plan that stands', { timeout }, () =>
  everyHistory(rig, history =>
    each(history, events => {
      const approved = events.findIndex(event => event.kind === 'approved');
      const first = events[0];
      if (approved < 0 || (first?.kind === 'requested' && first.request.target === needsNobody)) return;
      const before = events.slice(0, approved);
      const asked = before.findLast(event => event.kind === 'approval-asked');
      if (asked?.kind !== 'approval-asked') throw new Error('nobody was asked');
      const votes = before.flatMap(event => (event.kind === 'voted' ? [event] : []));
      const yes = votes.filter(({ vote }) => vote.decision === 'approve');
      expect(new Set(yes.map(({ vote }) => vote.person)).size).toBeGreaterThanOrEqual(size.yes);
      for (const vote of votes) expect(vote.at).toBeLessThanOrEqual(asked.at + asked.withinMs);
      const planned = before.findLast(event => event.kind === 'planned');
      expect(planned?.kind === 'planned' && planned.plan.fingerprint).toBe(asked.planFingerprint);
    }),
  ),
);

test('I7: what is to be driven is held or rung for, whatever was lost', { timeout }, () =>
  everyHistory(rig, async history => {
    await rig.pass(40_000);
    const { unrung } = await rig.store.tick();
    const wanted = history.runs.filter(run => isRunnable(run.status) || (isFinal(run.status) && !run.recorded));
    expect(unrung.map(({ run }) => run).sort()).toEqual(wanted.map(run => run.id).sort());
  }),
);

test('I8: a timer fires once at most, and late rather than never', { timeout }, () =>
  everyHistory(rig, async history => {
    each(history, events => {
      expect(events.filter(event => event.kind === 'reminded').length).toBeLessThanOrEqual(1);
      expect(events.filter(event => event.kind === 'ended' && event.status === 'expired').length).toBeLessThanOrEqual(
        1,
      );
    });
    await rig.pass(700_000);
    const due = new Set<string>();
    for (const { run, timer } of (await rig.store.tick()).due) due.add(`${run}|${timer}`);
    expect([...due].sort()).toEqual([...history.world.timers].sort());
  }),
);

test('I9: no effect twice, and none for a run that ended before it began', { timeout }, () =>
  everyHistory(rig, history => {
    history.world.target.land();
    for (const [key, count] of history.world.target.counts) expect([key, count]).toEqual([key, 1]);
    for (const run of history.runs) {
      if (run.since.executing) continue;
      expect([...history.world.target.counts.keys()].filter(key => key.startsWith(run.id))).toEqual([]);
    }
  }),
);

test('I9’s harness: a driver that does not look before it acts repeats effects', { timeout }, async () => {
  let repeated = 0;
  const count = ({ world }: History) => {
    world.target.land();
    repeated += [...world.target.counts.values()].filter(times => times > 1).length;
  };
  await everyHistory(rig, count, 40, 'blind');
  expect(repeated).toBeGreaterThan(0);
});

test('I11: the same key gives the same run', { timeout }, () =>
  everyHistory(rig, history => {
    for (const answers of history.world.answers.values()) expect(answers.size).toBe(1);
  }),
);

test('I12: every run is in one status, and none disappears', { timeout }, () =>
  everyHistory(rig, async history => {
    const found: string[] = [];
    for (const status of statuses) {
      const inStatus = await rig.store.list({ status, limit: 1_000 });
      for (const run of inStatus) expect(run.status).toBe(status);
      found.push(...inStatus.map(run => run.id));
    }
    expect(found.sort()).toEqual([...history.world.runs].sort());
    const open = await rig.store.list({ open: true, limit: 1_000 });
    expect(open.map(run => run.id).sort()).toEqual(
      history.runs
        .filter(run => !isFinal(run.status))
        .map(run => run.id)
        .sort(),
    );
  }),
);

test.each([-5_000, 5_000, -86_400_000])(
  'I13: a process whose clock is off by %d ms changes nothing',
  { timeout },
  async skew => {
    const before = await rig.store.now();
    vi.useFakeTimers({ toFake: ['Date'], now: before + skew });
    let last = before;
    await everyHistory(rig, async history => {
      const offset = Number(await rig.connection.redis.get(keys.testOffset));
      last = await rig.store.now();
      each(history, events => {
        const times = events.map(event => event.at);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times[0]).toBeGreaterThanOrEqual(before);
        expect(times.at(-1)).toBeLessThanOrEqual(before + offset + 120_000);
      });
    });
    expect(last).toBeGreaterThan(before);
  },
);

test('I14: a plan is never changed once people were asked', { timeout }, () =>
  everyHistory(rig, history =>
    each(history, events => {
      const asked = events.findIndex(event => event.kind === 'approval-asked' || event.kind === 'approved');
      if (asked >= 0) expect(events.slice(asked).some(event => event.kind === 'planned')).toBe(false);
    }),
  ),
);

test('the histories go deep: nearly every legal step is among them', { timeout }, async () => {
  const reached = new Set<string>();
  const note = (history: History) =>
    each(history, events => {
      for (const [from, to] of statusSteps(events)) reached.add(`${from}>${to}`);
    });
  await everyHistory(rig, note, 120);
  const legal = statuses.flatMap(from => transitions[from].map(to => `${from}>${to}`));
  expect(reached.size).toBeGreaterThan(legal.length * 0.7);
});
