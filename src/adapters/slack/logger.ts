import type { LogLevel } from '@slack/bolt';
import type { Log } from '../../ports/log.ts';

/** The shape Slack's libraries want a logger in. */
interface SlackLogger {
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
  setLevel(level: LogLevel): void;
  getLevel(): LogLevel;
  setName(name: string): void;
}

/** Takes what Slack's libraries note into our log at debug level: each outcome is judged and logged by its caller. */
export function slackLogger(log: Log): SlackLogger {
  const note = (...parts: unknown[]): void => log.debug({ from: 'slack' }, parts.map(String).join(' '));
  let level = 'info' as LogLevel;
  return {
    debug: () => undefined,
    info: note,
    warn: note,
    error: note,
    setLevel: next => {
      level = next;
    },
    getLevel: () => level,
    setName: () => undefined,
  };
}
