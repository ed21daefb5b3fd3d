import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A measured process. */
export interface Child {
  readonly pid: number;
  /** Hears what it tells, apart from that it is ready. */
  onTold(hear: (told: unknown) => void): void;
  kill(): Promise<void>;
}

/** Starts a file of this folder as a process and waits until it has done what it was ordered; throws where it ends before. */
export async function startChild(file: string, orders: object): Promise<Child> {
  const child = fork(join(import.meta.dirname, file), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await told(child, 'waiting', file);
  child.send(orders);
  await told(child, 'ready', file);
  return {
    pid: child.pid ?? -1,
    onTold: hear => void child.on('message', hear),
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function told(child: ChildProcess, word: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${file} ended before it was ${word}`));
    const hear = (message: unknown) => {
      if (message !== word) return;
      child.off('message', hear);
      child.off('exit', ended);
      resolve();
    };
    child.on('message', hear);
    child.once('exit', ended);
  });
}

/** The other end: waits for its orders, does them, and says so; ends with whoever started it. */
export function onOrders<Orders>(work: (orders: Orders) => Promise<void>): void {
  process.once('message', (orders: Orders) => {
    work(orders).then(
      () => process.send?.('ready'),
      (failure: unknown) => {
        process.stderr.write(`${failure instanceof Error ? failure.stack : failure}\n`);
        process.exit(1);
      },
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('waiting');
}
