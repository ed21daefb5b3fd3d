import type { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../../ports/log.ts';
import { whyFailed } from './outcome.ts';

/** The Socket Mode connection, kept up. */
export interface Socket {
  start(): void;
  stop(): Promise<void>;
  /** What is wrong with it now; null while it is connected. */
  trouble(): string | null;
}

/** How the library is told to leave connecting to us: its own way waits ever longer and ends in an unhandled rejection. */
export const socketOptions = {
  autoReconnectEnabled: false,
  clientOptions: { retryConfig: { retries: 0 }, timeout: 5000 },
} as const;

/** Pauses before attempts to connect, in ms; the first is for Slack's ordinary refresh of a socket, the last repeats. */
const pauses = [100, 1000, 2000, 5000, 10_000, 30_000] as const;

/** How long a shut-down waits for a connection to close, in ms. */
const closeWithinMs = 3000;

/** Keeps the socket connected for as long as the process lives. */
export function createSocket(receiver: SocketModeReceiver, log: Log): Socket {
  let trouble: string | null = 'not connected yet';
  let stopped = false;
  let attempt = 0;
  let timer: NodeJS.Timeout | undefined;

  receiver.client.on('connected', () => {
    trouble = null;
    attempt = 0;
    log.info({}, 'Connected to Slack by Socket Mode');
  });
  receiver.client.on('disconnected', () => {
    trouble ??= 'disconnected';
    again();
  });

  function again(): void {
    if (stopped || timer) return;
    timer = setTimeout(connect, pauses[Math.min(attempt, pauses.length - 1)]);
    attempt += 1;
  }

  function connect(): void {
    timer = undefined;
    receiver.start().catch(failure => {
      if (failure) trouble = whyFailed(failure);
      log.warn({ why: trouble }, 'Slack cannot be reached by Socket Mode; trying again');
      again();
    });
  }

  return {
    start: connect,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const late = new Promise<void>(resolve => setTimeout(resolve, closeWithinMs).unref());
      await Promise.race([receiver.stop().catch(() => undefined), late]);
    },
    trouble: () => trouble,
  };
}
