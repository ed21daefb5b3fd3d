import { Refusal, reason } from '../../domain/reason.ts';
import type { Screen } from '../../domain/screen.ts';
import type { Reply, Routes, Visitor } from '../../ports/inbound.ts';
import type { Log } from '../../ports/log.ts';
import { answerWithinMs } from './payload.ts';

/** What answering in time needs; `lastWords` is said where not even the failure's sentence can be had. */
export interface PatienceDeps {
  readonly routes: Pick<Routes, 'failed'>;
  readonly log: Log;
  readonly lastWords: Screen;
}

/** How long the sentence for a failure may take, in ms; with the handler's time it stays below Slack's 3 s. */
const sentenceWithinMs = 300;

/** The value, or null where it does not come within `ms`. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The sentence for a failure; never throws, never waits long. */
async function failureScreen(deps: PatienceDeps, visitor: Visitor, failure: unknown): Promise<Screen> {
  try {
    return (await within(sentenceWithinMs, deps.routes.failed(visitor, failure))) ?? deps.lastWords;
  } catch (cause) {
    deps.log.error({ err: cause }, 'The sentence for a failure failed');
    return deps.lastWords;
  }
}

/** A handler's reply in time, and where it was late, what it says in the end. */
export type Settled = { readonly reply: Reply; readonly later: Promise<Reply> | null };

/** Runs a handler: a failure becomes its sentence, a late answer becomes "not confirmed" now and the answer afterwards. */
export async function settle(deps: PatienceDeps, visitor: Visitor, handler: () => Promise<Reply>): Promise<Settled> {
  const say = async (failure: unknown): Promise<Reply> => ({
    kind: 'say',
    to: 'person',
    screen: await failureScreen(deps, visitor, failure),
  });
  const work = Promise.resolve()
    .then(handler)
    .catch(failure => {
      if (!(failure instanceof Refusal)) deps.log.error({ err: failure }, 'A handler failed');
      return say(failure);
    });
  const reply = await within(answerWithinMs, work);
  if (reply) return { reply, later: null };
  deps.log.warn({ withinMs: answerWithinMs }, 'A handler was late');
  return { reply: await say(new Refusal(reason('not-confirmed'))), later: work };
}
