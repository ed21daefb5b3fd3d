import { leftStanding } from '../src/domain/acted.ts';
import { heldOperations } from '../src/domain/held.ts';
import { shortRunId } from '../src/domain/ids.ts';
import { note } from '../src/domain/note.ts';
import type { Plan } from '../src/domain/plan.ts';
import { recordPost, verdictPost } from '../src/domain/post.ts';
import type { Hold, ReleaseRef } from '../src/domain/release.ts';
import type { EndedRun, RunWithLog } from '../src/domain/run.ts';
import { isFinal } from '../src/domain/status.ts';
import type { ReleaseFact } from '../src/ports/release-store.ts';
import { liveSince, recordData } from '../src/record/record-data.ts';
import { verificationReport } from '../src/verify/report.ts';
import type { DriveDeps } from './deps.ts';
import { heldReminderMs } from './held.ts';

/** What recording a run needs. */
export type RecordDeps = Pick<DriveDeps, 'store' | 'releases' | 'records' | 'say' | 'crashPoint'>;

/** Ends that touched the target or tried to: their record is posted; of the others it is only kept. */
const told: ReadonlySet<EndedRun['status']> = new Set(['succeeded', 'compensated', 'partial', 'failed']);

/** Draws the consequences of a run that is over and writes its record; each part may be done twice without harm. */
export async function recordRun(deps: RecordDeps, found: RunWithLog): Promise<void> {
  const { run } = found;
  if (!isFinal(run.status) || run.recorded !== null) return;
  const ended = run as EndedRun;
  await concludeReleases(deps, ended);
  await deps.crashPoint('release-held', run.id);
  const releases = await deps.releases.list(run.request.target);
  const data = recordData(found, liveSince(run, releases));
  const file = await deps.records.keep(data, verificationReport(ended, deps.say));
  await deps.crashPoint('record-kept', run.id);
  const posts = [
    ...(tellsWatchers(found) ? [verdictPost(run.id)] : []),
    ...(told.has(ended.status) ? [recordPost(run.id)] : []),
  ];
  const setTimers = leavesHeld(ended) ? { setTimers: { 'held-reminder': heldReminderMs } } : {};
  await deps.store.change(
    run.id,
    { version: run.version },
    { events: [{ kind: 'recorded', file }], posts, ...setTimers },
  );
  await deps.crashPoint('recorded', run.id);
}

/** Whoever asked to be told when it is over is told by the verdict; an end that comes without one has it posted for them. */
function tellsWatchers({ run, events }: RunWithLog): boolean {
  const verified = run.status === 'succeeded' || run.status === 'compensated';
  return !verified && events.some(({ kind }) => kind === 'watch-asked');
}

/** The release that was left is held and graded bad, the one that was taken is verified; an undo releases what it restored. */
async function concludeReleases(deps: RecordDeps, run: EndedRun): Promise<void> {
  const { plan } = run;
  if (run.status === 'noop' && run.reason?.code === 'nothing-held') return releaseHolds(deps, run, null);
  if (!plan || (run.status !== 'succeeded' && !(run.status === 'partial' && leftStanding(run).length > 0))) return;
  if (run.request.undoOf) return releaseHolds(deps, run, plan.to);
  if (!plan.to || !plan.from || plan.from.key === plan.to.key) {
    // Nothing was replaced, but what is suspended has to be found again, and released by a person.
    if (leavesHeld(run)) await deps.releases.hold(holdOf(run, plan, `run:${run.id}`, shortRunId(run.id)));
    return;
  }
  await deps.releases.learn(plan.target, gradeFacts(run, plan, plan.from.key, plan.to.key));
  await deps.releases.hold(holdOf(run, plan, plan.from.key, plan.from.version));
}

/** An undo lets go of what the undone run held, and of the release that it restored. */
async function releaseHolds({ releases }: RecordDeps, run: EndedRun, restored: ReleaseRef | null): Promise<void> {
  const { target, undoOf } = run.request;
  if (restored) await releases.releaseHold(target, restored.key);
  const holds = await releases.holds(target);
  for (const hold of holds.filter(held => undoOf !== null && held.run === undoOf))
    await releases.releaseHold(target, hold.releaseKey);
}

function holdOf(run: EndedRun, { target }: Plan, releaseKey: string, version: string): Hold {
  const { by, reason } = run.request;
  return { target, releaseKey, version, since: run.endedAt, by: by.name, reason, run: run.id };
}

/** Whether a run that is over left something suspended that a person has to release. */
function leavesHeld(run: EndedRun): boolean {
  return (run.status === 'succeeded' || run.status === 'partial') && heldOperations(run).length > 0;
}

function gradeFacts(run: EndedRun, plan: Plan, from: string, to: string): readonly ReleaseFact[] {
  const at = run.endedAt;
  const left: ReleaseFact = {
    kind: 'graded',
    key: from,
    grade: 'bad',
    note: note('release-gone-back-from', { version: plan.to?.version ?? '' }),
    by: null,
    at,
  };
  const taken: ReleaseFact = {
    kind: 'graded',
    key: to,
    grade: 'verified',
    note: note('verdict-passed', { run: run.id.slice(-4) }),
    by: null,
    at,
  };
  return run.status === 'succeeded' ? [left, taken] : [left];
}
