import type { TargetSpec } from '../src/domain/catalogue.ts';
import { heldOperations } from '../src/domain/held.ts';
import type { RunId } from '../src/domain/ids.ts';
import { note } from '../src/domain/note.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Freeze, Release } from '../src/domain/release.ts';
import type { Run } from '../src/domain/run.ts';
import type { GateData } from '../templates/data.ts';
import type { DoorDeps } from './deps.ts';
import { reasonOf, releaseOf, targetOf } from './find.ts';
import { mustHaveWorker, mustNotBeFrozen } from './order.ts';
import type { Ask } from './parse/reading.ts';
import { createRun, plainOrder, requestOf, type Started } from './start.ts';
import type { Visit } from './visit.ts';

/** A release of a target that something was done with. */
export interface Handled {
  readonly target: TargetSpec;
  readonly release: Release;
}

/** Grades a release by hand, with a reason: `good` counts as verified, and only a person clears `bad`. */
export async function gradeRelease(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Handled> {
  const { target, release } = await releaseOf(deps, ask);
  if (ask.grade === null) throw new Refusal(reason('bad-argument', { missing: 'good | bad' }));
  const { name } = visit.member;
  const grade = ask.grade === 'good' ? 'verified' : 'bad';
  const why = note('graded-by-person', { by: name, grade: ask.grade }, reasonOf(ask));
  const at = await deps.runs.now();
  await deps.releases.learn(target.target, [{ kind: 'graded', key: release.key, grade, note: why, by: name, at }]);
  return { target, release };
}

/** Puts a release on hold: nothing deploys it to the target until a named person releases it. */
export async function holdRelease(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Handled> {
  const { target, release } = await releaseOf(deps, ask);
  await deps.releases.hold({
    target: target.target,
    releaseKey: release.key,
    version: release.version,
    since: await deps.runs.now(),
    by: visit.member.name,
    reason: reasonOf(ask),
    run: null,
  });
  return { target, release };
}

/** A hold that fell, or a run that asks for what was suspended with it to go on: the hold falls when that has succeeded. */
export type Released =
  | { readonly kind: 'released'; readonly target: TargetSpec; readonly version: string }
  | { readonly kind: 'asked'; readonly started: Started; readonly of: Run };

/** Releases a hold; the version named may be of a hold whose release is not known any more. */
export async function releaseHold(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Released> {
  const target = targetOf(ask);
  const holds = await deps.releases.holds(target.target);
  const typed = ask.release;
  const hold = typed === null ? holds[0] : holds.find(held => held.version === typed || held.releaseKey === typed);
  const versions = holds.map(held => held.version);
  if (!hold || (typed === null && holds.length > 1))
    throw new Refusal(reason('unknown-release', { name: typed ?? '', target: target.target, nearest: versions }));
  const found = hold.run === null ? null : await deps.runs.read(hold.run as RunId);
  if (found && heldOperations(found.run).length > 0) {
    const { run } = found;
    if (run.plan) await mustNotBeFrozen(deps, target, run.plan.level);
    await mustHaveWorker(deps, target);
    const order = { ...plainOrder(target, ask.reason ?? hold.reason), level: run.plan?.level ?? null };
    const request = requestOf(visit, {
      ...order,
      strategy: run.plan?.strategy ?? null,
      undoOf: run.id,
      onlyHeld: true,
    });
    return { kind: 'asked', started: await createRun(deps, visit, request), of: run };
  }
  await deps.releases.releaseHold(target.target, hold.releaseKey);
  return { kind: 'released', target, version: hold.version };
}

/** Stops deployments to a target (and rollbacks of the levels named) until a time or until somebody lifts it. */
export async function freezeTarget(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Freeze> {
  const since = await deps.runs.now();
  const until = ask.until ?? (ask.forMs === null ? null : since + ask.forMs);
  if (until !== null && until <= since) throw new Refusal(reason('bad-argument', { token: 'until' }));
  const { target } = targetOf(ask);
  const freeze = { target, since, until, by: visit.member.name, reason: reasonOf(ask), levels: ask.levels };
  await deps.releases.freeze(freeze);
  return freeze;
}

/** Answers a pipeline whether a release may be deployed to a target now: by hold, freeze, run under way and grade. */
export async function gateData(deps: DoorDeps, ask: Ask): Promise<GateData> {
  const target = targetOf(ask);
  const name = ask.release ?? '';
  const [holds, freeze, run, releases, now] = await Promise.all([
    deps.releases.holds(target.target),
    deps.releases.frozen(target.target),
    deps.runs.openRun(target.target),
    deps.releases.list(target.target),
    deps.runs.now(),
  ]);
  const same = releases.filter(release => isNamed(release, name));
  const hold = holds.find(held => held.version === name || same.some(release => release.key === held.releaseKey));
  const bad = same.find(release => release.grade === 'bad');
  const stop: GateData['stop'] = hold
    ? { kind: 'hold', hold }
    : freeze
      ? { kind: 'freeze', freeze }
      : run
        ? { kind: 'busy', run }
        : bad
          ? { kind: 'bad', grade: bad.grade }
          : null;
  return { target: target.target, release: name, stop, now };
}

function isNamed(release: Release, name: string): boolean {
  if (release.version === name || release.key === name) return true;
  return (
    name.length >= 7 && Object.values(release.identity).some(value => value.startsWith(name) || value.endsWith(name))
  );
}
