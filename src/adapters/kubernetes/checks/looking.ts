import type { ZodType } from 'zod';
import type { CheckOutcome } from '../../../domain/check.ts';
import { parseDuration } from '../../../domain/duration.ts';
import { type Note, note } from '../../../domain/note.ts';
import type { Check, CheckContext } from '../../../ports/check.ts';
import type { Connect, Connection } from '../connect.ts';
import type { Place } from '../input.ts';
import { isTransient, KubeError, refusalOf } from '../kube-error.ts';

/**
 * What one look at a cluster shows. `bad` fails once it has lasted as long as the check's patience, `over` at once since it cannot
 * get better; `unclear` is asked again until the check's time is over, and never passes; `unknowable` is not asked again.
 */
export interface Look {
  readonly state: 'good' | 'bad' | 'over' | 'unclear' | 'unknowable';
  readonly note: Note;
}

/** What a check is made with. */
export interface LookingDeps {
  readonly connect: Connect;
  readonly clock: { now(): number };
}

/** What all inputs of these checks hold. */
interface Common extends Pick<Place, 'context' | 'kubeconfig'> {
  readonly patience: string;
}

/** One kind of check: what it reads, and how it calls the object that it is about. */
export interface Looking<Input extends Common> {
  readonly kind: string;
  readonly input: ZodType<Input>;
  /** Least time between two looks, in ms. */
  readonly everyMs: number;
  readonly objectOf: (input: Input) => string;
  readonly look: (connection: Connection, input: Input, context: CheckContext) => Promise<Look>;
}

/** Makes a check out of single looks: patience, an API server that is away, objects that are gone. */
export function createLooking<Input extends Common>(deps: LookingDeps, what: Looking<Input>): Check {
  return {
    kind: what.kind,
    start: (context, raw) => {
      const input = what.input.parse(raw);
      const patience = parseDuration(input.patience) ?? 0;
      let next = 0;
      let badSince: number | null = null;
      let last: CheckOutcome = { status: 'waiting', note: note('check-begins') };
      return async () => {
        if (deps.clock.now() < next) return last;
        const seen = await lookOnce(deps, what, input, context);
        const now = deps.clock.now();
        next = now + what.everyMs;
        badSince = seen.state === 'bad' ? (badSince ?? now) : null;
        const lasted = badSince !== null && now - badSince >= patience;
        last = { status: statusOf(seen.state, lasted), note: seen.note };
        return last;
      };
    },
  };
}

function statusOf(state: Look['state'], lasted: boolean): CheckOutcome['status'] {
  if (state === 'good') return 'passed';
  if (state === 'unknowable') return 'unknown';
  return state === 'over' || lasted ? 'failed' : 'waiting';
}

async function lookOnce<Input extends Common>(
  deps: LookingDeps,
  what: Looking<Input>,
  input: Input,
  context: CheckContext,
): Promise<Look> {
  const object = what.objectOf(input);
  try {
    return await what.look(await deps.connect(input), input, context);
  } catch (error) {
    const gone = error instanceof KubeError && error.status === 404;
    if (gone && error.asked.resource.startsWith('pods'))
      return { state: 'unclear', note: note('no-pod-ready', { object }) };
    if (gone) return { state: 'over', note: note('object-gone', { object }) };
    if (isTransient(error))
      return { state: 'unclear', note: note('kubernetes-unreachable', { object }, error.message) };
    throw refusalOf(error);
  }
}

/** When the run began to change things, epoch ms: what happened before says nothing about its work. */
export function beganAt({ of: run }: CheckContext): number {
  return run.since.executing ?? run.createdAt;
}
