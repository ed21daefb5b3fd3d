import { setTimeout as pause } from 'node:timers/promises';
import type { AckFn, DialogValidation, RespondArguments, SayArguments, ViewResponseAction } from '@slack/bolt';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Form, Reply, Routes, Visitor } from '../../ports/inbound.ts';
import type { Identity } from './identity.ts';
import { type PatienceDeps, type Settled, settle, within } from './patience.ts';
import {
  answerWithinMs,
  type OpenView,
  type Place,
  readCommand,
  readMention,
  readPress,
  readShortcut,
  readSubmission,
  readSuggestion,
} from './payload.ts';
import { answerBody, type TellDeps, tell, tellFiles } from './tell.ts';
import { answerView, formView, type Opening, showView } from './views.ts';

/** What the listeners need. */
export interface ListenerDeps extends PatienceDeps, TellDeps {
  readonly routes: Routes;
  readonly identity: Identity;
  readonly clock: Clock;
}

type CommandAck = AckFn<string | RespondArguments>;
type PlainAck = AckFn<void> | AckFn<string | SayArguments> | AckFn<DialogValidation>;

/** A request that came, and whether it is the first of its kind. */
export interface Came {
  readonly body: unknown;
  readonly fresh: Promise<boolean>;
}

const known = (deps: ListenerDeps, { fresh }: Came) => ({
  identity: deps.identity.current(),
  now: deps.clock.now(),
  fresh,
});

/** Takes the answer away from what was seen before; the routes do nothing for it by the same sign. */
function unlessRepeated({ fresh }: Came, handler: () => Promise<Reply>): () => Promise<Reply> {
  return async () => {
    const answer = handler();
    answer.catch(() => undefined);
    return (await fresh) ? answer : { kind: 'nothing' };
  };
}

const settleOnce = (deps: ListenerDeps, came: Came, visitor: Visitor, handler: () => Promise<Reply>) =>
  settle(deps, visitor, unlessRepeated(came, handler));

async function openOrSay(deps: ListenerDeps, opening: Opening | null, place: Place, form: Form): Promise<void> {
  const shown = opening && (await showView(deps.clients.interactive, deps.log, opening, formView(form)));
  if (!shown) await tell(deps, place, form.fallback, 'person');
}

/** Tells what a handler that was late said in the end; its trigger is over by then. */
async function afterwards(deps: ListenerDeps, { later }: Settled, place: Place): Promise<void> {
  const reply = await later;
  if (reply?.kind === 'say') await tell(deps, place, reply.screen, reply.to);
  if (reply?.kind === 'form') await tell(deps, place, reply.form.fallback, 'person');
}

/** A slash command: the ack carries the answer. */
export async function onCommand(deps: ListenerDeps, came: Came, ack: CommandAck): Promise<void> {
  const { typed, place, trigger } = readCommand(came.body, known(deps, came));
  const settled = await settleOnce(deps, came, typed.visitor, () => deps.routes.command(typed));
  const { reply } = settled;
  if (reply.kind === 'say') {
    await ack(answerBody(reply.screen, reply.to));
    await tellFiles(deps, place, reply.screen);
  } else await ack();
  if (reply.kind === 'form') await openOrSay(deps, { how: 'open', trigger }, place, reply.form);
  await afterwards(deps, settled, place);
}

/** The message shortcut: a command without text. */
export async function onShortcut(deps: ListenerDeps, came: Came, ack: PlainAck): Promise<void> {
  const { typed, place, trigger } = readShortcut(came.body, known(deps, came));
  const settled = await settleOnce(deps, came, typed.visitor, () => deps.routes.command(typed));
  await ack();
  await show(deps, settled, place, { how: 'open', trigger });
}

/** A mention: acknowledged before; the answer goes into the thread. */
export async function onMention(deps: ListenerDeps, came: Came): Promise<void> {
  const mention = readMention(came.body, { ...known(deps, came), identity: await deps.identity.learn() });
  if (!mention) return;
  const settled = await settleOnce(deps, came, mention.typed.visitor, () => deps.routes.command(mention.typed));
  await show(deps, settled, mention.place, null);
}

async function show(deps: ListenerDeps, settled: Settled, place: Place, opening: Opening | null): Promise<void> {
  const { reply } = settled;
  if (reply.kind === 'say') await tell(deps, place, reply.screen, reply.to);
  if (reply.kind === 'form') await openOrSay(deps, opening, place, reply.form);
  await afterwards(deps, settled, place);
}

/** How long the words for a press wait, in ms: telling them takes processor time that what the press set going would have to wait for. */
const answerAfterMs = 20;

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** A name that is not in the table: a button of an older message, answered kindly. */
const staleCard = (): Promise<Reply> => Promise.reject(new Refusal(reason('stale-card')));

/** A pressed button or a changed select. */
export async function onPress(deps: ListenerDeps, came: Came, ack: PlainAck): Promise<void> {
  const { press, place, trigger, view } = readPress(came.body, known(deps, came));
  const handler = own(deps.routes.actions, press.action) ?? staleCard;
  const settled = await settleOnce(deps, came, press.visitor, () => handler(press));
  await ack();
  if (view) return await showInView(deps, settled, place, { trigger, view });
  if (settled.reply.kind === 'say') await pause(answerAfterMs);
  await show(deps, settled, place, trigger ? { how: 'open', trigger } : null);
}

interface InView {
  readonly trigger: string | null;
  readonly view: OpenView;
}

/** Inside an open form: the same form is drawn anew, another is put over it, an answer takes its place. */
async function showInView(
  deps: ListenerDeps,
  settled: Settled,
  place: Place,
  { trigger, view }: InView,
): Promise<void> {
  const { reply } = settled;
  const client = deps.clients.interactive;
  if (reply.kind === 'form') {
    const push = trigger ? ({ how: 'push', trigger } as const) : null;
    const same = reply.form.id === view.callback_id;
    await openOrSay(deps, same ? { how: 'redraw', view } : push, place, reply.form);
  }
  if (reply.kind === 'say') {
    const shown = await showView(client, deps.log, { how: 'redraw', view }, answerView(reply.screen, view));
    if (!shown) await tell(deps, place, reply.screen, reply.to);
    else await tellFiles(deps, place, reply.screen);
  }
  await afterwards(deps, settled, place);
}

/** A submitted form: errors stay in it, an answer takes its place. */
export async function onSubmission(deps: ListenerDeps, came: Came, ack: AckFn<ViewResponseAction>): Promise<void> {
  const { submission, view } = readSubmission(came.body, known(deps, came));
  const handler = own(deps.routes.forms, submission.form) ?? staleCard;
  const settled = await settleOnce(deps, came, submission.visitor, () => handler(submission));
  const { reply, later } = settled;
  const place = placeOf(submission.visitor);
  if (reply.kind === 'form-errors') await ack({ response_action: 'errors', errors: { ...reply.errors } });
  else if (reply.kind === 'form') await ack({ response_action: 'update', view: formView(reply.form) });
  else if (reply.kind === 'say') await ack({ response_action: 'update', view: answerView(reply.screen, view) });
  else await ack();
  if (reply.kind === 'say') await tellFiles(deps, place, reply.screen);
  const last = await later;
  if (last?.kind !== 'say' && last?.kind !== 'form') return;
  const drawn = last.kind === 'say' ? answerView(last.screen, view) : formView(last.form);
  // The hash moved when the form was replaced by "not confirmed", so the answer is drawn over whatever stands there.
  const open = { ...view, hash: null };
  if (await showView(deps.clients.interactive, deps.log, { how: 'redraw', view: open }, drawn)) return;
  await tell(deps, place, last.kind === 'say' ? last.screen : last.form.fallback, 'person');
}

const placeOf = (visitor: Visitor): Place => ({
  user: visitor.via === 'slack' ? visitor.user : '',
  channel: null,
  thread: null,
  responseUrl: null,
});

/** What a select asks as somebody types: at most 100 options, none rather than late. */
export async function onSuggestion(
  deps: ListenerDeps,
  came: Came,
  ack: (options: { options: { text: { type: 'plain_text'; text: string }; value: string }[] }) => Promise<void>,
): Promise<void> {
  const query = readSuggestion(came.body, known(deps, came));
  const handler = own(deps.routes.options, query.select);
  const asked = Promise.resolve()
    .then(unlessRepeated(came, async () => (await handler?.(query)) ?? { kind: 'nothing' }))
    .catch(failure => {
      deps.log.error({ err: failure, select: query.select }, 'Options could not be listed');
      return null;
    });
  const reply = await within(answerWithinMs, asked);
  const found = reply?.kind === 'options' ? reply.options : [];
  const options = found.slice(0, 100).map(({ text, value }) => ({
    text: { type: 'plain_text' as const, text: text.slice(0, 75) || '…' },
    value: value.slice(0, 150),
  }));
  await ack({ options });
}
