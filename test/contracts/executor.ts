import { describe, expect, it, type TestContext } from 'vitest';
import type { JsonObject } from '../../src/domain/json.ts';
import type { OperationDraft, StepPlan } from '../../src/domain/plan.ts';
import { Refusal } from '../../src/domain/reason.ts';
import type { Release } from '../../src/domain/release.ts';
import type { Executor, ExecutorEntry } from '../../src/ports/executor.ts';
import {
  applyContext,
  complete,
  contractRun,
  contractTarget,
  type JournalledChild,
  type KillPoint,
  runBackwards,
  runForwards,
  type Trace,
} from './protocol.ts';

/** One real target in the state before the step, and what the suite has to know of it. */
export interface ExecutorWorld {
  /** A fresh instance, as a new worker has. */
  load(): Promise<Executor>;
  readonly input: JsonObject;
  readonly from: Release | null;
  readonly to: Release | null;
  /** What the step writes, as the target itself shows it now: compared by deep equality. */
  state(): Promise<unknown>;
  /** That state once the step is done. */
  wanted(): Promise<unknown>;
  /** Somebody else changes what the plan writes. */
  drift(): Promise<void>;
  /** How often the effect was carried out on the target; at most one for each operation. Absent where it leaves no trace. */
  effects?(): Promise<number>;
  /** Processes or requests started so far: hostile names must not add to it. */
  started(): number;
  /** Ends what a dead worker journalled, as a takeover does. */
  endChildren?(children: readonly JournalledChild[]): Promise<void>;
  /** Whatever outsiders could read: command lines of started programs, log files; searched for the canary. */
  traces?(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * What a row does with its world, so that this holds no more: it looks at it (and may let others write), it writes to it, or it waits for what
 * comes of that, which then has to take its time.
 */
export type Wish = 'reading' | 'writing' | 'settling';

/** How one executor is put to the contract. */
export interface ExecutorHarness {
  readonly entry: Pick<ExecutorEntry<never>, 'kind' | 'input'>;
  open(wish: Wish): Promise<ExecutorWorld>;
  /** Inputs with this text in every place where a name goes. */
  hostile(world: ExecutorWorld, text: string): readonly JsonObject[];
  /** A secret that is in play in the world (a value to write, a credential) and must appear nowhere. */
  readonly canary: string;
  /** Whether each operation has an inverse that restores the state before exactly. */
  readonly reversible: boolean;
  /** Whether a crash in the middle may rightly end in needs-operator, because nobody can look. */
  readonly mayStop?: boolean;
  /** Whether apply itself refuses a world that moved (false where observe alone shows it). */
  readonly refusesDrift: boolean;
  /** How far into apply and settle it is killed, in ms; into settle alone, where that differs. */
  readonly killAfterMs?: readonly number[];
  readonly settleKillAfterMs?: readonly number[];
  /** Whether a sibling shares all but the program that it starts: then only that is put to the contract, at work and cut off. */
  readonly programAlone?: boolean;
  readonly timeoutMs?: number;
  /** Whether its worlds have nothing in common, so that several tests may wait for theirs at once. */
  readonly concurrent?: boolean;
}

/** Texts that no name may be. */
export const hostileNames = ['--flag', 'a;b', '$(x)', '../x', 'all', 'a\nb', 'x'.repeat(300), '', 'a\u0000b'] as const;

/** The suite every executor passes on its real counterpart. */
export function executorContract(name: string, harness: ExecutorHarness): void {
  const open: Open = async (context, wish) => {
    const world = await harness.open(wish);
    context.onTestFinished(() => world.close(), 30_000);
    return world;
  };
  const limit = { timeout: harness.timeoutMs ?? 60_000, concurrent: harness.concurrent ?? false };

  describe(`${name} keeps the executor contract`, limit, () => {
    doing(harness, open);
    killing(harness, open);
    if (harness.programAlone) return;
    reading(harness, open);
    guarding(harness, open);
  });
}

const newTrace = (): Trace => ({ said: [], children: [] });

async function planIn(world: ExecutorWorld, trace: Trace = newTrace()): Promise<StepPlan> {
  const executor = await world.load();
  const context = {
    run: contractRun,
    target: contractTarget,
    signal: AbortSignal.timeout(30_000),
    from: world.from,
    to: world.to,
  };
  const plan = await executor.plan(context, world.input);
  trace.said.push(plan);
  return JSON.parse(JSON.stringify(plan)) as StepPlan;
}

const bare = (signal = AbortSignal.timeout(30_000)) => ({ run: contractRun, target: contractTarget, signal });

/** Opens a world that ends with the test. */
type Open = (context: TestContext, wish: Wish) => Promise<ExecutorWorld>;

/** Holds whatever was said, logged or told to outsiders while an executor was driven against the secret that is in play. */
async function expectDiscretion({ canary }: ExecutorHarness, world: ExecutorWorld, trace: Trace): Promise<void> {
  const text = JSON.stringify([trace.said, (await world.traces?.()) ?? []]);
  expect(text).not.toContain(canary);
  expect(text).not.toContain(Buffer.from(canary).toString('base64').replace(/=+$/, ''));
}

function reading(harness: ExecutorHarness, open: Open): void {
  it('plan and observe only read, and the same world gives the same plan', async context => {
    const world = await open(context, 'reading');
    const before = await world.state();
    const plan = await planIn(world);
    const executor = await world.load();
    for (const operation of plan.operations) {
      const seen = await executor.observe(bare(), operation);
      expect(seen.fingerprint).toBe(operation.fingerprint);
    }
    expect(plan.operations.length).toBeGreaterThan(0);
    expect(await world.state()).toEqual(before);
    if (world.effects) expect(await world.effects()).toBe(0);
    const again = await planIn(world);
    expect(again.operations.map(operation => operation.fingerprint)).toEqual(
      plan.operations.map(operation => operation.fingerprint),
    );
  });

  it('a world that moved shows in the fingerprint', async context => {
    const world = await open(context, 'reading');
    const plan = await planIn(world);
    await world.drift();
    const before = await world.state();
    const executor = await world.load();
    const seen = await Promise.all(plan.operations.map(operation => executor.observe(bare(), operation)));
    expect(seen.some((one, index) => one.fingerprint !== plan.operations[index]?.fingerprint)).toBe(true);
    expect(seen.map(one => one.state)).not.toContain('applied');
    if (!harness.refusesDrift) return;
    const [first] = plan.operations;
    if (!first) return;
    const applying = applyContext(newTrace(), 'apply/0', 1, AbortSignal.timeout(30_000));
    await expect(executor.apply(applying, first)).rejects.toBeInstanceOf(Refusal);
    expect(await world.state()).toEqual(before);
  });
}

function doing(harness: ExecutorHarness, open: Open): void {
  const back = harness.reversible ? ', and its inverses put the state before back' : '';
  const quiet = 'no secret appears in plans, operations, notes, errors, command lines or logs';
  it(`does what it planned${back}; done twice is done once, and ${quiet}`, async context => {
    const world = await open(context, 'settling');
    const trace = newTrace();
    const before = await world.state();
    const plan = await planIn(world, trace);
    const { operations } = plan;
    await runForwards(world, operations, trace);
    expect(await world.state()).toEqual(await world.wanted());
    if (!harness.mayStop) await expectDone(world, operations, trace);
    if (harness.reversible) {
      await runBackwards(world, operations, trace);
      expect(await world.state()).toEqual(before);
      const effects = await world.effects?.();
      await runBackwards(world, operations, trace);
      expect(await world.state()).toEqual(before);
      expect(await world.effects?.()).toBe(effects);
    }
    await expectDiscretion(harness, world, trace);
  });
}

/** Holds that each operation shows as applied, and that all of them done again change nothing. */
async function expectDone(world: ExecutorWorld, operations: readonly OperationDraft[], trace: Trace): Promise<void> {
  const effects = await world.effects?.();
  const executor = await world.load();
  for (const operation of operations)
    expect((await executor.observe(bare(), operation)).state, operation.object).toBe('applied');
  await runForwards(world, operations, trace);
  expect(await world.effects?.()).toBe(effects);
  expect(await world.state()).toEqual(await world.wanted());
}

function killing(harness: ExecutorHarness, open: Open): void {
  const within = harness.killAfterMs ?? [0, 40, 160];
  const applying: KillPoint[] = within.map(afterMs => ({ at: 'applying', afterMs }));
  const settling: KillPoint[] = (harness.settleKillAfterMs ?? within).map(afterMs => ({ at: 'settling', afterMs }));
  const outside: KillPoint[] = [{ at: 'observed' }, { at: 'applied' }, ...settling, { at: 'settled' }];
  const points = [...applying, ...(harness.programAlone ? [] : outside)];
  const converges = async (world: ExecutorWorld, operations: readonly OperationDraft[], point: KillPoint) => {
    const trace = newTrace();
    const ends: string[] = [];
    for (const [index, operation] of operations.entries())
      ends.push(await complete(world, operation, trace, `apply/${index}`, point));
    const stopped = ends.includes('stopped');
    expect(
      ends.filter(end => end !== 'done' && !(harness.mayStop && end === 'stopped')),
      JSON.stringify(trace.said),
    ).toEqual([]);
    if (!stopped) expect(await world.state()).toEqual(await world.wanted());
    if (world.effects) expect(await world.effects()).toBeLessThanOrEqual(operations.length);
    await expectDiscretion(harness, world, trace);
  };

  it.for(points)(
    'killed when $at $afterMs it ends and leaves no child; resumed, it converges',
    async (point, context) => {
      const world = await open(context, point.at === 'settling' ? 'settling' : 'writing');
      const plan = await planIn(world);
      await converges(world, plan.operations, point);
    },
  );

  if (!harness.reversible) return;
  it.for(points.filter(point => point.at === 'applying' || point.at === 'applied'))(
    'killed while putting back ($at $afterMs) and resumed, the state before is there',
    async (point, context) => {
      const world = await open(context, 'writing');
      const trace = newTrace();
      const before = await world.state();
      const plan = await planIn(world, trace);
      await runForwards(world, plan.operations, trace);
      for (const [index, operation] of [...plan.operations.entries()].reverse())
        if (operation.inverse)
          expect(await complete(world, operation.inverse, trace, `revert/${index}`, point)).toBe('done');
      expect(await world.state()).toEqual(before);
    },
  );
}

function guarding(harness: ExecutorHarness, open: Open): void {
  it('hostile names are refused before any process or request', async context => {
    const world = await open(context, 'reading');
    const executor = await world.load();
    const before = await world.state();
    const started = world.started();
    const accepted: string[] = [];
    for (const text of hostileNames)
      for (const input of harness.hostile(world, text)) {
        const read = harness.entry.input.safeParse(input);
        if (!read.success) continue;
        const planned = executor.plan({ ...bare(), from: world.from, to: world.to }, read.data);
        await planned.then(
          () => accepted.push(JSON.stringify(input)),
          failure => failure instanceof Refusal || accepted.push(`${JSON.stringify(input)}: ${failure}`),
        );
      }
    expect(accepted).toEqual([]);
    expect(world.started()).toBe(started);
    expect(await world.state()).toEqual(before);
  });
}
