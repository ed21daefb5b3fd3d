import { buttonValue } from '../src/domain/button.ts';
import type { Locale } from '../src/domain/catalogue.ts';
import type { RunId } from '../src/domain/ids.ts';
import { shortRunId } from '../src/domain/ids.ts';
import type { Refusal } from '../src/domain/reason.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import { isFinal, mayHaveTouched } from '../src/domain/status.ts';
import type { Outcome, Reply } from '../src/ports/inbound.ts';
import type { BusyData, DoneCode, DoneFacts, RefusalData } from '../templates/data.ts';
import { busy, done, refusal, renderPost, showRun } from '../templates/index.ts';
import { readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { way } from './order.ts';
import type { Seed } from './seed.ts';
import type { Visit } from './visit.ts';

/** Says what was done. */
export function did(visit: Visit, code: DoneCode, facts: DoneFacts = {}, run?: RunId): Reply {
  const screen = done(visit.locale, code, run ? { run: shortRunId(run), ...facts } : facts);
  return { kind: 'say', screen, to: 'person', data: { done: code, ...facts }, ...(run ? { run } : {}) };
}

/** Says why something was not done. */
export function declined(locale: Locale, data: RefusalData): Reply {
  return { kind: 'say', screen: refusal(locale, data), to: 'person', outcome: outcomeOf(data), data };
}

/** Says what was refused by throwing. */
export function refusedBy(locale: Locale, { reason }: Refusal): Reply {
  return declined(locale, { reason });
}

const misunderstood: ReadonlySet<string> = new Set([
  'unknown-service',
  'unknown-environment',
  'unknown-release',
  'unknown-level',
  'unknown-run',
  'ambiguous-run',
  'environment-needed',
  'reason-needed',
  'bad-argument',
]);

function outcomeOf({ reason: { code } }: RefusalData): Outcome {
  if (code === 'not-confirmed') return 'not-confirmed';
  return misunderstood.has(code) ? 'usage' : 'refused';
}

/** Shows a second request the run that holds the target; one that is not approved yet may be replaced. */
export async function shownBusy(deps: DoorDeps, visit: Visit, id: RunId, seed: Seed): Promise<Reply> {
  const { run } = await readRun(deps, id);
  const undecided = !isFinal(run.status) && !mayHaveTouched(run.status) && run.since.approved === undefined;
  const replaces = { run: run.id, version: run.version };
  const next: BusyData['next'] = [
    {
      kind: 'open-run',
      run: run.id,
      value: buttonValue(run.id, run.version),
      command: `backout show ${shortRunId(run.id)}`,
    },
    { kind: 'notify', value: buttonValue(run.id, run.version) },
    ...(undecided ? [{ kind: 'replace', value: way({ ...seed, replaces }).value } as const] : []),
  ];
  const screen = busy(visit.locale, { run, next, now: await deps.runs.now() });
  return { kind: 'say', screen, to: 'person', outcome: 'refused', data: { busy: run.id, status: run.status } };
}

/** Shows a run to one person: how it stands, its plan and its log, or only its diff. */
export async function shown(
  deps: DoorDeps,
  visit: Visit,
  found: RunWithLog,
  what: 'run' | 'diff' = 'run',
): Promise<Reply> {
  const { run } = found;
  const [catalogue, progress, now] = await Promise.all([
    deps.catalogues.byHash(run.request.catalogue),
    deps.runs.readProgress(run.id),
    deps.runs.now(),
  ]);
  const { locale } = visit;
  const view = { kind: 'run', run: found, catalogue: catalogue ?? visit.catalogue, progress, now, locale } as const;
  const diff = { thread: run.id, slot: 'diff', screen: 'diff', urgency: 'progress' } as const;
  const screen = what === 'diff' ? renderPost(diff, view) : showRun(view);
  return { kind: 'say', screen, to: 'person', run: run.id, data: { run } };
}
