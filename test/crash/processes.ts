import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerOrders } from './worker.ts';

/** A real worker process. */
export interface WorkerProcess {
  readonly name: string;
  readonly alive: () => boolean;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** Waits for its end; answers its exit code, null where a signal ended it, `alive` where it has not ended in time. */
  ended(withinMs?: number): Promise<number | null | 'alive'>;
  /** What it wrote to stderr. */
  said(): string;
}

/** Starts worker processes, with one spare always starting up, so that a killed one is replaced at once. */
export interface Starter {
  start(orders: Omit<WorkerOrders, 'crash' | 'naive'> & Partial<WorkerOrders>): Promise<WorkerProcess>;
  /** Ends every process that was started, whatever it is doing. */
  stop(): Promise<void>;
}

/** Opens the starter. */
export function openStarter(): Starter {
  const all = new Set<ChildProcess>();
  const spawn = () => {
    const child = fork(join(import.meta.dirname, 'worker.ts'), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    all.add(child);
    child.once('exit', () => all.delete(child));
    return { child, waiting: once(child, 'message') };
  };
  let spare = spawn();
  return {
    async start(orders) {
      const { child, waiting } = spare;
      spare = spawn();
      let said = '';
      child.stderr?.on('data', part => {
        said = `${said}${part}`.slice(-20_000);
      });
      await waiting;
      const ready = Promise.race([once(child, 'message'), once(child, 'exit')]);
      child.send({ crash: null, naive: false, ...orders });
      await ready;
      return {
        name: orders.names[0] ?? '',
        alive: () => child.exitCode === null && child.signalCode === null,
        signal: name => void child.kill(name),
        ended: async (withinMs = 30_000) => {
          const over = () => child.exitCode !== null || child.signalCode !== null;
          const late = new AbortController();
          if (!over())
            await Promise.race([once(child, 'exit', late), delay(withinMs, null, late)]).finally(() => late.abort());
          return over() ? child.exitCode : 'alive';
        },
        said: () => said,
      };
    },
    async stop() {
      const left = [...all];
      const gone = left.map(child => once(child, 'exit'));
      for (const child of left) child.kill('SIGKILL');
      await Promise.all(gone);
    },
  };
}
