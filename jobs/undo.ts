import type { TargetSpec } from '../src/domain/catalogue.ts';
import type { Note } from '../src/domain/note.ts';
import type { Operation } from '../src/domain/plan.ts';
import { type Reason, reason } from '../src/domain/reason.ts';
import type { RequestedRun, Run } from '../src/domain/run.ts';
import { type Look, look } from '../src/execute/outside.ts';
import { compileUndo, undoable } from '../src/plan/undo.ts';
import type { OperationLike } from '../src/ports/executor.ts';
import { pause } from './pause.ts';
import type { Planned } from './plan.ts';
import { type Held, loadExecutor } from './stage.ts';

/** How long each look at what is to be undone may take, in ms. */
const lookMs = 20_000;

/** Why there is nothing to do: what a run left suspended may have been let go by somebody else, and its hold falls then. */
export function nothingLeft({ request }: Pick<Run, 'request'>): Reason {
  return reason(request.onlyHeld ? 'nothing-held' : 'nothing-to-change');
}

/** Plans an undo: the inverses of what a run did, newest first, against the world as it is now. */
export async function planUndo(held: Held, run: RequestedRun, target: TargetSpec): Promise<Planned> {
  const { deps } = held;
  const before = run.request.undoOf ? await deps.store.read(run.request.undoOf) : null;
  if (!before) return { kind: 'none', reason: reason('unknown-run', { name: run.request.undoOf ?? '' }) };
  const undo = undoable(before.run, run.request.onlyHeld);
  if (undo.kind === 'refused') return { kind: 'none', reason: undo.reason };
  const fingerprints: string[] = [];
  const said: Note[] = [];
  let changes = false;
  const known = new Set<string>();
  for (const { of, draft } of undo.operations) {
    const seen = await lookAt(held, run, of.executor, draft);
    if (seen.kind === 'unseen') return { kind: 'none', reason: seen.reason };
    const { state, fingerprint, note } = seen.observation;
    // What came of an object is told by the last operation on it alone.
    const tells = !known.has(of.object) && !undo.onlyHeld && wasSeen(before.run, of);
    if (tells && state === 'not-applied') {
      const forth = await lookAt(held, run, of.executor, of);
      if (forth.kind === 'unseen') return { kind: 'none', reason: forth.reason };
      if (forth.observation.state === 'not-applied') return { kind: 'none', reason: changedSince(of) };
    }
    known.add(of.object);
    fingerprints.push(fingerprint);
    said.push(note);
    changes ||= state !== 'applied';
  }
  if (!changes) return { kind: 'none', reason: nothingLeft(run) };
  const releases = await deps.releases.list(run.request.target);
  const grades = new Map(releases.map(({ key, grade }) => [key, grade]));
  const plan = compileUndo(deps.hash, run.id, target, undo, fingerprints, grades, said);
  const { level, runbook } = plan;
  return { kind: 'plan', plan, considered: [{ level, runbook, outcome: 'taken', why: null }] };
}

function lookAt({ deps, lease }: Held, run: RequestedRun, kind: string, operation: OperationLike): Promise<Look> {
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(lookMs)]);
  const context = { run: run.id, target: run.request.target, signal };
  return look(lease, signal, pause, async () => (await loadExecutor(deps, kind)).observe(context, operation));
}

/** Whether an operation was seen in place when it ended; of what failed or what a person declared done nobody can say. */
function wasSeen({ journal }: Run, { index }: Operation): boolean {
  const ended = journal.find(entry => entry.phase === 'apply' && entry.index === index)?.outcome;
  return ended?.how === 'applied' || ended?.how === 'adopted';
}

/** What a run did and is there no more was changed by somebody else: its inverse, made for what the run left, would be refused. */
function changedSince({ object }: Operation): Reason {
  return reason('changed-since', { object });
}
