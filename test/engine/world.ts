import type { JournalPhase } from '../../src/domain/event.ts';
import { personId, type RunId, type TargetId, targetId } from '../../src/domain/ids.ts';
import { systemActor } from '../../src/domain/person.ts';
import { type Span, spanOf } from '../../src/domain/plan.ts';
import { rootPost } from '../../src/domain/post.ts';
import type { Run } from '../../src/domain/run.ts';
import { isFinal } from '../../src/domain/status.ts';
import type { Beginning, Guard, RunStore, TimerName } from '../../src/ports/run-store.ts';
import { effectKey, FakeTarget } from './fake-target.ts';
import type { Move } from './moves.ts';
import { aRequest, aRun, ended, events, failure, oneSeat, outcome } from './sample.ts';
import { wildEvents } from './wild.ts';

/** How many operations a simulated plan has, how many of them run beside each other first, and how many yes it needs. */
export const size = { operations: 3, beside: 2, yes: 2 };

/** How a simulated worker resumes: raising the fence and looking first, or blindly. */
export type Driver = 'careful' | 'blind';

/** A simulated world of workers and people over the real store; it remembers what it was answered. */
export class World {
  readonly target = new FakeTarget();
  readonly runs: RunId[] = [];
  /** Ids answered for each key. */
  readonly answers = new Map<string, Set<RunId>>();
  /** Fences answered, in order, by target. */
  readonly fences = new Map<TargetId, number[]>();
  /** Timers that were set and neither cleared nor dropped with their run. */
  readonly timers = new Set<string>();
  /** Changes that were decided on one version and made to another. */
  misplaced = 0;
  /** Statuses each run was seen in, in order of reading. */
  readonly seen = new Map<RunId, Run['status'][]>();
  readonly #driving = new Set<string>();
  #held = new Map<string, { readonly run: RunId; readonly fence: number }>();
  readonly #driver: Driver;
  readonly #store: RunStore;
  readonly #pass: (ms: number) => Promise<void>;

  constructor(store: RunStore, pass: (ms: number) => Promise<void>, driver: Driver = 'careful') {
    this.#driver = driver;
    this.#store = store;
    this.#pass = pass;
  }

  /** Plays rounds; the moves of one round run at the same time. */
  async play(rounds: readonly (readonly Move[])[], after?: () => Promise<void>): Promise<void> {
    for (const round of rounds) {
      await Promise.all(round.map(move => this.#make(move)));
      await after?.();
    }
  }

  async #make(move: Move): Promise<void> {
    if (move.do === 'pass') return this.#pass(move.ms);
    if (move.do === 'land') return this.target.land();
    if (move.do === 'tick') return this.#tick();
    if (move.do === 'request') return this.#request(aTarget(move.target), `key-${move.target % 2}-${move.key}`);
    if (move.do === 'replace') return this.#replace(aTarget(move.target), move.stale);
    const run = await this.#read(move.run);
    if (!run) return;
    if (move.do === 'step') return this.#steps(run, move);
    if (move.do === 'vote') return this.#vote(run, move);
    const cancelled = run.status === 'executing' ? events.stopAsked : ended('cancelled');
    if (move.do === 'cancel') await this.#change(run, { version: run.version }, [cancelled]);
    if (move.do === 'zombie') await this.#zombie(run, move);
    if (move.do === 'wild') await this.#change(run, guardOf(run, move.guard), [wildEvents(run, move.event)]);
  }

  async #read(at: number): Promise<Run | null> {
    const id = this.runs.at(-1 - (at % Math.max(Math.min(this.runs.length, 3), 1)));
    const run = id ? (await this.#store.read(id))?.run : undefined;
    if (!run) return null;
    this.seen.set(run.id, [...(this.seen.get(run.id) ?? []), run.status]);
    return run;
  }

  async #request(target: TargetId, key: string): Promise<void> {
    const run = aRun({ request: aRequest({ target }), idempotencyKey: key, notAfter: Number.MAX_SAFE_INTEGER });
    const created = await this.#store.create(run);
    if (created.kind === 'created') this.runs.push(run.id);
    if (created.kind === 'created' || created.kind === 'duplicate') {
      this.answers.set(key, (this.answers.get(key) ?? new Set()).add(created.id));
    }
  }

  async #replace(target: TargetId, stale: boolean): Promise<void> {
    const open = await this.#store.openRun(target);
    const run = open ? (await this.#store.read(open))?.run : null;
    if (!run) return;
    const next = aRun({ request: aRequest({ target }), notAfter: Number.MAX_SAFE_INTEGER });
    const guard = { version: run.version - (stale ? 1 : 0) };
    const replaces = { run: run.id, guard, events: [ended('superseded', next.id)], posts: [] };
    const created = await this.#store.create({ ...next, replaces });
    if (created.kind !== 'created') return;
    this.runs.push(next.id);
    this.#dropTimers(run.id);
  }

  #dropTimers(run: RunId): void {
    for (const timer of this.timers) if (timer.startsWith(run)) this.timers.delete(timer);
  }

  async #change(
    run: Run,
    guard: Guard,
    list: Parameters<RunStore['change']>[2]['events'],
    set: Partial<Record<TimerName, number>> = {},
    clear: readonly TimerName[] = [],
    notAfter = 0,
  ): Promise<boolean> {
    const change = { events: list, setTimers: set, clearTimers: clear, posts: [rootPost(run.id)], notAfter };
    const changed = await this.#store.change(run.id, guard, change);
    if (!changed.ok) return false;
    if ('version' in guard && changed.version !== guard.version + list.length) this.misplaced += 1;
    for (const name of clear) this.timers.delete(`${run.id}|${name}`);
    for (const name of Object.keys(set)) this.timers.add(`${run.id}|${name}`);
    const over = list.some(event => 'status' in event && event.status && isFinal(event.status));
    if (over) this.#dropTimers(run.id);
    return true;
  }

  async #tick(): Promise<void> {
    const tick = await this.#store.tick();
    await this.#store.rung(tick.unrung.map(({ run }) => run));
    for (const { run: id, timer } of tick.due) {
      const run = (await this.#store.read(id))?.run;
      if (!run) continue;
      const event = timer === 'expire' ? ended('expired') : ({ kind: 'reminded' } as const);
      await this.#change(run, { version: run.version }, [event], {}, [timer]);
    }
  }

  async #vote(run: Run, move: Extract<Move, { do: 'vote' }>): Promise<void> {
    if (run.status !== 'awaiting-approval') return;
    const person = personId(`p${move.person % 4}`);
    if (run.approval.votes.some(vote => vote.person === person)) return;
    const decision = move.yes ? 'approve' : 'reject';
    const vote = { person, name: person, via: 'slack', decision, reason: null, roles: ['oncall'] } as const;
    const yes = run.approval.votes.filter(given => given.decision === 'approve').length + 1;
    const list = [{ kind: 'voted', vote } as const];
    const outcomes = move.yes ? (yes >= size.yes ? [events.approved] : []) : [ended('rejected')];
    const clear = outcomes.length > 0 ? (['remind', 'expire'] as const) : [];
    const guard = { version: run.version - (move.stale ? 1 : 0) };
    await this.#change(run, guard, [...list, ...outcomes], {}, clear, run.approval.deadline);
  }

  async #zombie(run: Run, move: Extract<Move, { do: 'zombie' }>): Promise<void> {
    const fence = Math.max(run.fence - 1 - (move.index % 2), 1);
    const index = nextGroup(run, 'apply')?.open[0] ?? move.index % size.operations;
    const beside = spanOf(run.plan?.operations ?? [], index);
    if (move.begins) await this.#store.begin(run.id, { phase: 'apply', index, fence, worker: 'zombie', beside });
    else await this.#store.outcome(run.id, outcome(fence, index));
  }

  async #hold(run: Run, worker: string): Promise<number | null> {
    const { target } = run.request;
    const held = this.#held.get(`${worker} ${target}`);
    if (held?.run === run.id && (await this.#store.renew(target, held.fence, 5_000))) return held.fence;
    const acquired = await this.#store.acquire(target, run.id, worker, 5_000, false);
    if (!acquired.ok) return null;
    this.fences.set(target, [...(this.fences.get(target) ?? []), acquired.fence]);
    this.#held.set(`${worker} ${target}`, { run: run.id, fence: acquired.fence });
    return acquired.fence;
  }

  /** A job carries a run on for a few stages; it dies, if it does, in the last. */
  async #steps(first: Run, move: Extract<Move, { do: 'step' }>): Promise<void> {
    let run: Run | undefined = first;
    for (let left = move.stages; run && left > 0; left -= 1) {
      await this.#step(run, left === 1 ? move : { ...move, crash: 'none' });
      run = (await this.#store.read(run.id))?.run;
    }
  }

  async #step(run: Run, move: Extract<Move, { do: 'step' }>): Promise<void> {
    const version = { version: run.version };
    if (isFinal(run.status)) {
      if (!run.recorded) await this.#change(run, version, [events.recorded]);
    } else if (run.status === 'requested') {
      await this.#change(run, version, [events.planned(run.id, size.operations, size.beside)]);
    } else if (run.status === 'planned' && run.request.target === needsNobody) {
      await this.#change(run, version, [events.approved]);
    } else if (run.status === 'planned') {
      const { withinMs, remindBeforeMs } = oneSeat;
      await this.#change(run, version, [events.asked], { remind: withinMs - remindBeforeMs, expire: withinMs });
    } else if (run.status === 'needs-operator') {
      const by = systemActor('operator');
      const status = run.journal.some(entry => entry.phase === 'revert') ? 'compensating' : 'executing';
      const action = status === 'executing' ? 'continue' : 'put-back';
      await this.#change(run, version, [{ kind: 'operator-decided', action, by, reason: '', status }]);
    } else if (run.status !== 'awaiting-approval') await this.#drive(run, move);
  }

  /** One job drives: a second one of the same worker is refused by the lease, and a dead one forgets its fence and is missed when its lease is over. */
  async #drive(run: Run, move: Extract<Move, { do: 'step' }>): Promise<void> {
    const worker = `w${move.worker % 2}`;
    const job = `${worker} ${run.request.target}`;
    if (this.#driving.has(job)) return;
    this.#driving.add(job);
    await this.#driveAs(worker, run, move).finally(() => this.#driving.delete(job));
    if (move.crash === 'none') return;
    this.#held.delete(job);
    await this.#pass(5_001);
  }

  async #driveAs(worker: string, run: Run, move: Extract<Move, { do: 'step' }>): Promise<void> {
    const fence = await this.#hold(run, worker);
    if (fence === null || move.crash === 'before') return;
    const guard = { fence };
    // Refused where the taking began it.
    if (run.status === 'approved') await this.#change(run, guard, [events.preflight(fence)]);
    if (run.status === 'preflight') await this.#change(run, guard, [events.executing]);
    if (run.status === 'failing' || run.status === 'cancelling') {
      await this.#change(run, guard, [events.compensating]);
    }
    if (run.status === 'executing' && run.stopAsked) {
      await this.#change(run, guard, [{ kind: 'cancelling', status: 'cancelling' }]);
      return;
    }
    if (run.status === 'verifying') await this.#change(run, guard, [move.fails ? events.stopped : ended('succeeded')]);
    if (run.status !== 'executing' && run.status !== 'compensating') return;
    const phase = run.status === 'executing' ? 'apply' : 'revert';
    const group = nextGroup(run, phase);
    if (!group) await this.#change(run, guard, [phase === 'apply' ? events.executed : ended('compensated')]);
    else if (group.toRun.length === 0) await this.#change(run, guard, this.#giveUp(phase, move));
    else await this.#operateBeside(run, { phase, fence, worker, group }, move);
  }

  /** What runs beside each other: of a worker that dies some were through before; once all are over the run turns where one failed. */
  async #operateBeside(
    run: Run,
    { phase, fence, worker, group }: { phase: JournalPhase; fence: number; worker: string; group: Group },
    move: Extract<Move, { do: 'step' }>,
  ): Promise<void> {
    const { span, toRun } = group;
    const alone = span.first === span.last;
    const failed = await Promise.all(
      toRun.map((index, at) => {
        const through = at > 0 && move.run % 2 === 0;
        const own = { ...move, crash: through ? 'none' : move.crash, fails: move.fails && (at === 0 || move.slow) };
        return this.#operate(run, { phase, index, fence, worker, beside: span }, own, alone);
      }),
    );
    if (alone || move.crash !== 'none' || !failed.includes(true)) return;
    await this.#change(run, { fence }, this.#giveUp(phase, move));
  }

  /** Answers whether it failed. */
  async #operate(run: Run, entry: Beginning, move: Extract<Move, { do: 'step' }>, alone: boolean): Promise<boolean> {
    const { phase, index, fence } = entry;
    const { target } = run.request;
    const key = effectKey(run.id, phase, index);
    const begun = await this.#store.begin(run.id, entry);
    if ((begun !== 'fresh' && begun !== 'resume') || move.crash === 'after-begin') return false;
    const blind = this.#driver === 'blind';
    if (begun === 'resume' && !blind) this.target.raiseFence(target, fence);
    if (begun === 'fresh' || blind || this.target.observe(key) === 'not-applied') {
      const slow = move.slow && move.crash !== 'none';
      if (!move.fails) this.target.apply(target, fence, key, slow);
    }
    if (move.crash === 'after-apply') return false;
    if (this.target.observe(key) === 'applied') {
      await this.#store.outcome(run.id, outcome(fence, index, phase));
      return false;
    }
    const list = alone ? this.#giveUp(phase, move) : [];
    return (await this.#store.outcome(run.id, failure(fence, index, phase), { events: list })) === 'ok';
  }

  #giveUp(phase: JournalPhase, move: Extract<Move, { do: 'step' }>) {
    return phase === 'apply' && !move.slow ? [events.failing] : [events.stopped];
  }
}

/** The target whose rule has no seats. */
export const needsNobody = targetId('service-1', 'production');

function aTarget(at: number): TargetId {
  return targetId(`service-${at % 2}`, 'production');
}

function guardOf(run: Run, guard: Extract<Move, { do: 'wild' }>['guard']): Guard {
  if (guard === 'fence') return { fence: run.fence };
  if (guard === 'old-fence') return { fence: run.fence - 1 };
  return { version: guard === 'stale' ? run.version - 1 : run.version };
}

/** Operations that are to be done beside each other. */
interface Group {
  readonly span: Span;
  /** Those without an outcome. */
  readonly open: readonly number[];
  /** Those to do now: what began before, else what is new; nothing new once one has failed. */
  readonly toRun: readonly number[];
}

/** The group to do next: forwards to apply; to revert, what was done, backwards. */
function nextGroup(run: Run, phase: JournalPhase): Group | null {
  const operations = run.plan?.operations ?? [];
  const entry = (index: number, of: JournalPhase) =>
    run.journal.find(found => found.phase === of && found.index === index);
  const over = (index: number, of: JournalPhase) => Boolean(entry(index, of)?.outcome);
  const all = operations.map(({ index }) => index);
  const left =
    phase === 'apply'
      ? all.filter(index => !over(index, 'apply'))
      : all.toReversed().filter(index => over(index, 'apply') && !over(index, 'revert'));
  const [next] = left;
  if (next === undefined) return null;
  const span = spanOf(operations, next);
  const open = left.filter(index => index >= span.first && index <= span.last);
  const since = (isFinal(run.status) ? undefined : run.since[run.status]) ?? 0;
  const failed = open.filter(index => (entry(index, phase)?.failure?.at ?? -1) >= since);
  const begun = open.filter(index => entry(index, phase) && !failed.includes(index));
  return { span, open, toRun: begun.length > 0 || failed.length > 0 ? begun : open };
}
