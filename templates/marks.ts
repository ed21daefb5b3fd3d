/** The only emoji in our messages: Unicode, one for each meaning. */
export const marks = {
  alert: '🚨',
  waiting: '⏳',
  working: '🔄',
  checking: '🔎',
  done: '✅',
  back: '↩️',
  stopped: '🛑',
  failed: '❌',
  ended: '⚪',
  warning: '⚠️',
  held: '🔒',
  record: '📄',
} as const;
