import type { TargetSpec } from '../src/domain/catalogue.ts';
import type { Note } from '../src/domain/note.ts';
import { type Reason, reason } from '../src/domain/reason.ts';
import type { RequestedRun, Run } from '../src/domain/run.ts';
import { look } from '../src/execute/outside.ts';
import { compileUndo, undoable } from '../src/plan/undo.ts';
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
  const { deps, lease } = held;
  const before = run.request.undoOf ? await deps.store.read(run.request.undoOf) : null;
  if (!before) return { kind: 'none', reason: reason('unknown-run', { name: run.request.undoOf ?? '' }) };
  const undo = undoable(before.run, run.request.onlyHeld);
  if (undo.kind === 'refused') return { kind: 'none', reason: undo.reason };
  const fingerprints: string[] = [];
  const said: Note[] = [];
  let changes = false;
  for (const { of, draft } of undo.operations) {
    const executor = await loadExecutor(deps, of.executor);
    const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(lookMs)]);
    const context = { run: run.id, target: run.request.target, signal };
    const seen = await look(lease, signal, pause, () => executor.observe(context, draft));
    if (seen.kind === 'unseen') return { kind: 'none', reason: seen.reason };
    fingerprints.push(seen.observation.fingerprint);
    said.push(seen.observation.note);
    changes ||= seen.observation.state !== 'applied';
  }
  if (!changes) return { kind: 'none', reason: nothingLeft(run) };
  const known = await deps.releases.list(run.request.target);
  const grades = new Map(known.map(({ key, grade }) => [key, grade]));
  const plan = compileUndo(deps.hash, run.id, target, undo, fingerprints, grades, said);
  const { level, runbook } = plan;
  return { kind: 'plan', plan, considered: [{ level, runbook, outcome: 'taken', why: null }] };
}
