import { z } from 'zod';
import type { ButtonPress, FormSubmission, OptionQuery, TypedCommand, Visitor } from '../../ports/inbound.ts';
import type { BotIdentity } from './identity.ts';

/** Where an answer to a person can be told. */
export interface Place {
  readonly user: string;
  readonly channel: string | null;
  readonly thread: string | null;
  /** Five uses in 30 minutes; works where the bot is not a member. */
  readonly responseUrl: string | null;
}

const text = z.string();

const commandBody = z.object({
  user_id: text,
  team_id: text,
  channel_id: text,
  text: text.default(''),
  trigger_id: text,
  response_url: text.nullish(),
});

const user = z.object({ id: text, team_id: text.nullish() });
const team = z.object({ id: text }).nullish();
const option = z.object({ value: text.nullish() }).nullish();

/** What an input or a pressed element holds, whatever its type. */
const element = z.object({
  value: text.nullish(),
  selected_option: option,
  selected_options: z.array(z.object({ value: text })).nullish(),
  selected_user: text.nullish(),
  selected_conversation: text.nullish(),
  selected_date: text.nullish(),
});

const view = z.object({
  id: text,
  hash: text.nullish(),
  callback_id: text.default(''),
  private_metadata: text.default(''),
  title: z.object({ text }).nullish(),
  close: z.object({ text }).nullish(),
  state: z.object({ values: z.record(text, z.record(text, element)) }).nullish(),
});

/** An open view as Slack sends it along. */
export type OpenView = z.infer<typeof view>;

const message = z.object({ ts: text.nullish(), thread_ts: text.nullish() });

const actionsBody = z.object({
  user,
  team,
  trigger_id: text.nullish(),
  response_url: text.nullish(),
  channel: z.object({ id: text }).nullish(),
  message: message.nullish(),
  container: z.object({ thread_ts: text.nullish(), message_ts: text.nullish() }).nullish(),
  view: view.nullish(),
  actions: z.array(element.extend({ action_id: text, action_ts: text.nullish() })).min(1),
});

const submissionBody = z.object({ user, team, trigger_id: text.nullish(), view });
const suggestionBody = z.object({ user, team, action_id: text, value: text.default(''), view: view.nullish() });

const shortcutBody = z.object({
  user,
  team,
  trigger_id: text,
  response_url: text.nullish(),
  channel: z.object({ id: text }).nullish(),
  message: message.nullish(),
});

const mentionBody = z.object({
  team_id: text,
  event_id: text,
  event: z.object({
    user: text,
    user_team: text.nullish(),
    team: text.nullish(),
    bot_id: text.nullish(),
    text: text.default(''),
    channel: text,
    ts: text,
    thread_ts: text.nullish(),
  }),
});

/** How long a handler may take, in ms: Slack gives up at 3 s. */
export const answerWithinMs = 2500;

interface Known {
  readonly identity: BotIdentity | null;
  readonly now: number;
  readonly fresh: Promise<boolean>;
}

const promises = ({ now, fresh }: Known) => ({ answerBy: now + answerWithinMs, fresh });

function visitorOf(who: z.infer<typeof user>, where: z.infer<typeof team>, { identity }: Known): Visitor {
  const home = identity?.teamId ?? where?.id;
  const own = who.team_id ?? where?.id ?? '';
  return { via: 'slack', user: who.id, team: own, outside: home !== undefined && own !== home };
}

const heldBy = (one: z.infer<typeof element>): string | null =>
  one.selected_options?.map(each => each.value).join(',') ??
  one.selected_option?.value ??
  one.selected_user ??
  one.selected_conversation ??
  one.selected_date ??
  one.value ??
  null;

/** Input values by block id; an empty input is null. */
export function valuesOf(state: OpenView['state']): Record<string, string | null> {
  const blocks = Object.entries(state?.values ?? {});
  return Object.fromEntries(
    blocks.map(([block, inputs]) => [
      block,
      Object.values(inputs)
        .map(heldBy)
        .find(value => value !== null) ?? null,
    ]),
  );
}

/** Reads a slash command. */
export function readCommand(body: unknown, known: Known): { typed: TypedCommand; place: Place; trigger: string } {
  const said = commandBody.parse(body);
  const visitor = visitorOf({ id: said.user_id, team_id: said.team_id }, { id: said.team_id }, known);
  const at = { channel: said.channel_id, thread: null };
  return {
    typed: {
      visitor,
      ...at,
      text: said.text,
      requestId: said.trigger_id,
      canOpenForm: true,
      ...promises(known),
    },
    place: { ...at, user: said.user_id, responseUrl: said.response_url ?? null },
    trigger: said.trigger_id,
  };
}

/** Reads a message shortcut: a command without text, in the message's thread. */
export function readShortcut(body: unknown, known: Known): ReturnType<typeof readCommand> {
  const said = shortcutBody.parse(body);
  const at = { channel: said.channel?.id ?? null, thread: said.message?.thread_ts ?? said.message?.ts ?? null };
  const visitor = visitorOf(said.user, said.team, known);
  const base = { text: '', requestId: said.trigger_id, canOpenForm: true, ...promises(known) };
  const place = { ...at, user: said.user.id, responseUrl: said.response_url ?? null };
  return { typed: { visitor, ...at, ...base }, place, trigger: said.trigger_id };
}

/** Reads a mention: a command whose answer goes into the thread; null for what bots say. */
export function readMention(body: unknown, known: Known): { typed: TypedCommand; place: Place } | null {
  const { event, event_id, team_id } = mentionBody.parse(body);
  if (event.bot_id) return null;
  const self = known.identity ? `<@${known.identity.botUserId}(?:\\|[^>]*)?>` : '<@[UW][A-Z0-9]+(?:\\|[^>]*)?>';
  const visitor = visitorOf(
    { id: event.user, team_id: event.user_team ?? event.team ?? team_id },
    { id: team_id },
    known,
  );
  return {
    typed: {
      visitor,
      text: event.text.replace(new RegExp(self), ' ').trim(),
      channel: event.channel,
      thread: event.thread_ts ?? null,
      requestId: event_id,
      canOpenForm: false,
      ...promises(known),
    },
    place: { user: event.user, channel: event.channel, thread: event.thread_ts ?? event.ts, responseUrl: null },
  };
}

/** Reads a pressed button or a changed select. */
export function readPress(
  body: unknown,
  known: Known,
): { press: ButtonPress; place: Place; trigger: string | null; view: OpenView | null } {
  const said = actionsBody.parse(body);
  const [pressed] = said.actions as [(typeof said.actions)[number]];
  const at = {
    channel: said.channel?.id ?? null,
    thread: said.message?.thread_ts ?? said.container?.thread_ts ?? said.message?.ts ?? null,
  };
  const form = said.view && {
    form: said.view.callback_id,
    values: valuesOf(said.view.state),
    metadata: said.view.private_metadata,
  };
  const requestId = said.trigger_id ?? `${said.user.id}.${pressed.action_id}.${pressed.action_ts}`;
  const press = {
    visitor: visitorOf(said.user, said.team, known),
    action: pressed.action_id,
    value: heldBy(pressed) ?? '',
    requestId,
    canOpenForm: Boolean(said.trigger_id),
    ...promises(known),
  };
  // An ephemeral answer to a click on a root message belongs beside it, not into a thread that nobody opened.
  const thread = said.message?.thread_ts ?? said.container?.thread_ts ?? null;
  return {
    press: { ...press, ...at, ...(form && { form }) },
    place: { user: said.user.id, channel: at.channel, thread, responseUrl: said.response_url ?? null },
    trigger: said.trigger_id ?? null,
    view: said.view ?? null,
  };
}

/** Reads a submitted form. */
export function readSubmission(body: unknown, known: Known): { submission: FormSubmission; view: OpenView } {
  const said = submissionBody.parse(body);
  const submission = {
    visitor: visitorOf(said.user, said.team, known),
    form: said.view.callback_id,
    values: valuesOf(said.view.state),
    metadata: said.view.private_metadata,
    requestId: said.trigger_id ?? `${said.view.id}.${said.view.hash}`,
    ...promises(known),
  };
  return { submission, view: said.view };
}

/** Reads what somebody typed into a select. */
export function readSuggestion(body: unknown, known: Known): OptionQuery {
  const said = suggestionBody.parse(body);
  const metadata = said.view?.private_metadata ?? '';
  return { visitor: visitorOf(said.user, said.team, known), select: said.action_id, typed: said.value, metadata };
}
