import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RunId } from '../../../src/domain/ids.ts';
import type { Order, Stand, Told } from './worker.ts';

/** A real worker process with the wiring of production. */
export interface Worker {
  /** Begins to take jobs; until then it is only loaded. */
  go(): Promise<void>;
  /** Lets a run stand still at a point. */
  stand(stand: Stand): void;
  readonly standing: ReadonlySet<RunId>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** What it wrote to stderr last. */
  said(): string;
}

/** Starts one; its environment is what `env` says, and no more. */
export function startWorker(env: Readonly<Record<string, string>>): Worker {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const standing = new Set<RunId>();
  let said = '';
  child.stderr?.on('data', part => {
    said = `${said}${part}`.slice(-20_000);
  });
  child.on('message', (told: Told) => {
    if (told.told === 'stands') standing.add(told.run);
  });
  const up = heard(child, 'up', () => said);
  const send = (order: Order) => void child.send(order);
  return {
    go: async () => {
      await up;
      const works = heard(child, 'works', () => said);
      send({ order: 'go' });
      await works;
    },
    stand: stand => send({ order: 'stand', stand }),
    standing,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    said: () => said,
  };
}

function heard(child: ChildProcess, what: Told['told'], said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (told: Told) => {
      if (told.told !== what) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve();
    };
    const onExit = () => reject(new Error(`a worker ended before it was ${what}: ${said()}`));
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
