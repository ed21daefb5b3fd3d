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

/** Pauses between attempts to connect, in ms; the last one repeats. */
const pauses = [1000, 2000, 5000, 10_000, 30_000] as const;

/** How long a shut-down waits for a connection to close, in ms. */
const closeWithinMs = 3000;

/** Keeps the socket connected: the library reconnects by itself, and what it gives up is started anew. */
export function createSocket(receiver: SocketModeReceiver, log: Log): Socket {
  let trouble: string | null = 'not connected yet';
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  receiver.client.on('connected', () => {
    trouble = null;
    log.info({}, 'Connected to Slack by Socket Mode');
  });
  receiver.client.on('reconnecting', () => {
    trouble = 'reconnecting';
  });
  receiver.client.on('disconnected', (failure?: Error) => {
    trouble = failure ? whyFailed(failure) : 'disconnected';
    again(0);
  });

  function again(attempt: number): void {
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(() => connect(attempt + 1), pauses[Math.min(attempt, pauses.length - 1)]);
  }

  function connect(attempt: number): void {
    receiver.start().catch(failure => {
      trouble = whyFailed(failure);
      log.warn({ why: trouble }, 'Slack cannot be reached by Socket Mode; trying again');
      again(attempt);
    });
  }

  return {
    start: () => connect(0),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const late = new Promise<void>(resolve => setTimeout(resolve, closeWithinMs).unref());
      await Promise.race([receiver.stop().catch(() => undefined), late]);
    },
    trouble: () => trouble,
  };
}
