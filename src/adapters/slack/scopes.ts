/** The bot scopes that are used, each with its reason; the manifest asks for these and no more, `doctor` compares them with the token's. */
export const scopeReasons = {
  commands: '/rollback and the message shortcut',
  'chat:write': 'posts and edits the threads of runs and proposals',
  'app_mentions:read': '@mentions work in threads, where slash commands do not',
  'users:read': 'refuses deactivated accounts, guests and bots; reads the language of a person',
  'users:read.email': 'recognises people whom the catalogue lists by mail address only',
  'usergroups:read': 'reads who belongs to an approving group at the moment of the click',
  'channels:read': 'doctor: is the bot in the public channels of the catalogue',
  'groups:read': 'doctor: is the bot in the private channels of the catalogue',
  'channels:history': 'looks for a post that was cut off before sending it again (public channels)',
  'groups:history': 'looks for a post that was cut off before sending it again (private channels)',
  'files:write': 'attaches records, diffs and logs that are too long for a message',
  'im:write': 'opens the conversation in which a person gets a file they asked for',
} as const;

/** A bot scope of ours. */
export type Scope = keyof typeof scopeReasons;

/** All bot scopes of ours. */
export const scopes = Object.keys(scopeReasons) as readonly Scope[];
