import type { JsonObject } from '../src/domain/json.ts';
import { note } from '../src/domain/note.ts';
import type { BoundExecutor, Executor, OperationLike, StepContext } from '../src/ports/executor.ts';

/** The kind of step that the instant executor stands in for. */
export const instantKind = 'command';

/** Puts an executor that answers at once in the place of `command`; `applied` hears of each operation as it is asked for. */
export function withInstant(
  executors: ReadonlyMap<string, BoundExecutor>,
  applied: (run: string, index: number) => void,
): ReadonlyMap<string, BoundExecutor> {
  const entry = executors.get(instantKind);
  if (!entry) throw new Error(`no executor ${instantKind}`);
  const executor = instant(applied);
  return new Map([...executors, [instantKind, { ...entry, load: async () => executor }]]);
}

const nothing = note('command-runs', { command: 'nothing' });

/** Every operation is not applied in a run until that run applies it: nothing but the engine's own time passes. */
function instant(applied: (run: string, index: number) => void): Executor {
  const done = new Set<string>();
  const key = ({ run }: StepContext, { object }: OperationLike) => `${run} ${object}`;
  let count = 0;
  return {
    kind: instantKind,
    async plan(_, input) {
      const object = JSON.stringify((input as JsonObject).argv);
      const draft = { object, body: {}, preview: { summary: nothing, diff: '' }, idempotent: true };
      return {
        operations: [{ ...draft, fingerprint: 'before', inverse: draft }],
        blastRadius: [],
        interruption: { kind: 'none' },
        notRolledBack: [],
        notChecked: [],
        warnings: [],
        expectedMs: 1,
      };
    },
    async observe(context, operation) {
      const there = done.has(key(context, operation));
      return { state: there ? 'applied' : 'not-applied', fingerprint: there ? 'after' : 'before', note: nothing };
    },
    async apply(context, operation) {
      applied(context.run, count);
      count += 1;
      done.add(key(context, operation));
    },
    settle: async () => ({ state: 'settled', note: nothing, served: true }),
  };
}
