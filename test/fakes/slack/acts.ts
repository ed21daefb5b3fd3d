import { randomUUID } from 'node:crypto';
import type { Json } from './block-rules.ts';
import { type Clickable, containerOf, elementsOf, stateOf, stateValues } from './elements.ts';
import { deliver, type Reply, type Signing } from './requests.ts';
import { idOf, type RigMessage, type RigView, type Workspace } from './workspace.ts';

/** Delivery details of an event. */
export interface EventOptions {
  eventId?: string;
  /** Message timestamp of the event. */
  ts?: string;
  threadTs?: string;
  retry?: { num: number; reason: string };
}

/** What Slack does towards an app: the methods take the app's base URL first. */
export interface Acts {
  command(
    appUrl: string,
    user: string,
    channel: string,
    text: string,
    options?: Signing & { command?: string; channelName?: string },
  ): Promise<Reply>;
  /** Clicks a button of a message (or ephemeral, or view) by its action id; fails when it is not there. */
  click(
    appUrl: string,
    user: string,
    shown: Clickable,
    actionId: string,
    options?: Signing & { pick?: string; nth?: number },
  ): Promise<Reply>;
  /** Submits a view; values by action id or block id, the others keep their initial values. */
  submit(
    appUrl: string,
    user: string,
    view: RigView,
    values?: Record<string, unknown>,
    options?: Signing,
  ): Promise<Reply>;
  closeView(appUrl: string, user: string, view: RigView, options?: Signing): Promise<Reply>;
  suggest(
    appUrl: string,
    user: string,
    view: RigView,
    actionId: string,
    query: string,
    options?: Signing,
  ): Promise<Reply>;
  shortcut(appUrl: string, user: string, message: RigMessage, callbackId: string, options?: Signing): Promise<Reply>;
  mention(
    appUrl: string,
    user: string,
    channel: string,
    text: string,
    options?: Signing & EventOptions,
  ): Promise<Reply>;
  event(appUrl: string, event: Json, options?: Signing & EventOptions): Promise<Reply>;
  /** A fresh trigger id that the workspace accepts once within 3 s. */
  triggerId(user: string, viewId?: string): Promise<string>;
}

/** The pieces that every act needs. */
interface Stage {
  workspace: Workspace;
  secret: string;
  rigUrl: string;
}

async function triggerFor({ workspace }: Stage, name: string, viewId?: string): Promise<string> {
  const id = idOf(workspace.users, name);
  const answer = await workspace.direct('views.generateTriggerId', { user_id: id, ...(viewId && { view_id: viewId }) });
  workspace.triggers.set(String(answer.trigger_id), id);
  return String(answer.trigger_id);
}

function responseUrl({ workspace, rigUrl }: Stage): { responseId: string; url: string } {
  const responseId = randomUUID();
  workspace.responseUrls.set(responseId, []);
  return { responseId, url: `${rigUrl}/response/${responseId}` };
}

function interact(stage: Stage, appUrl: string, payload: Json, options: Signing, responseId?: string): Promise<Reply> {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  return deliver(
    stage.workspace,
    stage.secret,
    appUrl,
    { type: 'form', body, ...(responseId && { responseId }) },
    options,
  );
}

async function envelope(stage: Stage, type: string, name: string, options: Signing, viewId?: string): Promise<Json> {
  const { workspace } = stage;
  const id = idOf(workspace.users, name);
  const home = options.userTeamId ?? workspace.userTraits.get(id)?.team_id ?? workspace.team;
  return {
    type,
    team: { id: options.teamId ?? workspace.team, domain: 'rig' },
    user: { id, username: name, name, team_id: home },
    api_app_id: workspace.bot.appId,
    token: 'legacy',
    is_enterprise_install: false,
    enterprise: null,
    trigger_id: options.triggerId ?? (await triggerFor(stage, name, viewId)),
  };
}

const command =
  (stage: Stage): Acts['command'] =>
  async (appUrl, name, channel, text, options = {}) => {
    const { workspace } = stage;
    const { responseId, url } = responseUrl(stage);
    const fields = {
      token: 'legacy',
      team_id: options.teamId ?? workspace.team,
      team_domain: 'rig',
      channel_id: idOf(workspace.channels, channel),
      channel_name: options.channelName ?? channel,
      user_id: idOf(workspace.users, name),
      user_name: name,
      command: options.command ?? '/rollback',
      text,
      api_app_id: workspace.bot.appId,
      is_enterprise_install: 'false',
      response_url: url,
      trigger_id: options.triggerId ?? (await triggerFor(stage, name)),
    };
    const body = new URLSearchParams(fields).toString();
    return deliver(workspace, stage.secret, appUrl, { type: 'form', body, responseId }, options);
  };

const click =
  (stage: Stage): Acts['click'] =>
  async (appUrl, name, shown, actionId, options = {}) => {
    const all = elementsOf(shown.blocks ?? []);
    const element = all.filter(one => one.action_id === actionId)[options.nth ?? 0];
    if (!element)
      throw new Error(`No '${actionId}' to click; there is ${all.map(one => one.action_id).join(', ') || 'nothing'}`);
    const { responseId, url } = responseUrl(stage);
    const { type, action_id, block_id, value } = element;
    const picked = options.pick === undefined ? { value } : stateOf(element, options.pick);
    const action = { type, action_id, block_id, ...picked, action_ts: `${Date.now() / 1000}` };
    const base = await envelope(stage, 'block_actions', name, options, shown.id);
    return interact(
      stage,
      appUrl,
      { ...base, ...containerOf(shown), response_url: url, actions: [action] },
      options,
      responseId,
    );
  };

const submit =
  (stage: Stage): Acts['submit'] =>
  async (appUrl, name, view, values = {}, options = {}) => {
    const { workspace } = stage;
    const base = await envelope(stage, 'view_submission', name, options, view.id);
    const payload = { ...base, view: { ...view, state: { values: stateValues(view, values) } }, response_urls: [] };
    const reply = await interact(stage, appUrl, payload, options);
    const at = workspace.views.findIndex(one => one.id === view.id);
    if (reply.json.response_action === 'update' && at >= 0)
      workspace.views[at] = { ...view, ...(reply.json.view as RigView) };
    return reply;
  };

const event =
  (stage: Stage): Acts['event'] =>
  (appUrl, payload, options = {}) => {
    const { workspace } = stage;
    const retry = options.retry && {
      'x-slack-retry-num': String(options.retry.num),
      'x-slack-retry-reason': options.retry.reason,
    };
    const body = JSON.stringify({
      token: 'legacy',
      team_id: options.teamId ?? workspace.team,
      api_app_id: workspace.bot.appId,
      type: 'event_callback',
      event: payload,
      event_id: options.eventId ?? `Ev${randomUUID()}`,
      event_time: Math.floor(Date.now() / 1000),
      authorizations: [
        { team_id: workspace.team, user_id: workspace.bot.userId, is_bot: true, is_enterprise_install: false },
      ],
    });
    return deliver(
      workspace,
      stage.secret,
      appUrl,
      { type: 'json', body },
      { ...options, headers: { ...retry, ...options.headers } },
    );
  };

const mention =
  (stage: Stage): Acts['mention'] =>
  (appUrl, name, channel, text, options = {}) => {
    const { workspace } = stage;
    const ts =
      options.ts ?? `${Math.floor(Date.now() / 1000)}.${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`;
    const where = {
      channel: idOf(workspace.channels, channel),
      ...(options.threadTs && { thread_ts: options.threadTs }),
    };
    const who = { user: idOf(workspace.users, name), team: options.userTeamId ?? workspace.team };
    const said = {
      type: 'app_mention',
      ...who,
      text: `<@${workspace.bot.userId}> ${text}`,
      ts,
      event_ts: ts,
      ...where,
    };
    return event(stage)(appUrl, said, options);
  };

const suggest =
  (stage: Stage): Acts['suggest'] =>
  async (appUrl, name, view, actionId, query, options = {}) => {
    const element = elementsOf(view.blocks).find(one => one.action_id === actionId);
    if (!element) throw new Error(`No '${actionId}' in the view`);
    const base = await envelope(stage, 'block_suggestion', name, options, view.id);
    const asked = { action_id: actionId, block_id: element.block_id, value: query };
    return interact(stage, appUrl, { ...base, ...asked, view, container: { type: 'view', view_id: view.id } }, options);
  };

/** Makes the acts for a workspace and its signing secret. */
export function createActs(stage: Stage): Acts {
  return {
    triggerId: (name, viewId) => triggerFor(stage, name, viewId),
    command: command(stage),
    click: click(stage),
    submit: submit(stage),
    suggest: suggest(stage),
    mention: mention(stage),
    event: event(stage),
    async closeView(appUrl, name, view, options = {}) {
      return interact(
        stage,
        appUrl,
        { ...(await envelope(stage, 'view_closed', name, options, view.id)), view, is_cleared: false },
        options,
      );
    },
    async shortcut(appUrl, name, message, callbackId, options = {}) {
      const { responseId, url } = responseUrl(stage);
      const base = await envelope(stage, 'message_action', name, options);
      const what = {
        callback_id: callbackId,
        channel: { id: message.channel, name: 'channel' },
        message,
        message_ts: message.ts,
      };
      return interact(stage, appUrl, { ...base, ...what, response_url: url }, options, responseId);
    },
  };
}
