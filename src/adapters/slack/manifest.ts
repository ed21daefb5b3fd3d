import { scopes } from './scopes.ts';

/** The message shortcut's callback id; it offers `/rollback` on a message, in threads too. */
export const shortcutId = 'rollback_from_message';

/** How the app is reached: over Socket Mode, or at a public URL that leads to `/slack/events`. */
export type ManifestKind = { readonly socketMode: true } | { readonly socketMode: false; readonly url: string };

/** A Slack app manifest, ready to be written as JSON (schema 2). */
export type Manifest = Readonly<Record<string, unknown>>;

/** Builds the manifest that `backout init` writes: the scopes and events that are used and no more. */
export function slackManifest(kind: ManifestKind): Manifest {
  const url = kind.socketMode ? null : `${kind.url.replace(/\/+$/, '')}/slack/events`;
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: 'Backout',
      description: 'Takes a failing release back to the last good state',
      background_color: '#1d1c1d',
    },
    features: {
      bot_user: { display_name: 'backout', always_online: true },
      shortcuts: [
        {
          name: 'Roll back…',
          type: 'message',
          callback_id: shortcutId,
          description: 'Opens the rollback form; works in threads',
        },
      ],
      slash_commands: [
        {
          command: '/rollback',
          description: 'Plan, approve and run a rollback',
          usage_hint: 'SERVICE [in ENV] [to RELEASE] because REASON | status | help',
          should_escape: true,
          ...(url && { url }),
        },
      ],
    },
    oauth_config: { scopes: { bot: [...scopes] } },
    settings: {
      event_subscriptions: { bot_events: ['app_mention'], ...(url && { request_url: url }) },
      interactivity: { is_enabled: true, ...(url && { request_url: url, message_menu_options_url: url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: kind.socketMode,
      token_rotation_enabled: false,
    },
  };
}
