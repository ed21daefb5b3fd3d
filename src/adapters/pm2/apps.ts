import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import { callDaemon } from './daemon.ts';

const plain = z.union([z.string(), z.number(), z.boolean()]);

/** One process as pm2 lists it; its values are secrets until shown otherwise, so this is never logged. */
const processSchema = z.looseObject({
  name: z.string(),
  pid: z.number().nullish(),
  pm_id: z.union([z.number(), z.string()]),
  pm2_env: z.looseObject({
    status: z.string(),
    exec_mode: z.string().default('fork_mode'),
    restart_time: z.number().default(0),
    pm_uptime: z.number().default(0),
    pm_cwd: z.string().default(''),
    pm_exec_path: z.string().default(''),
    env: z.record(z.string(), z.unknown()).default({}),
  }),
});

/** One instance of an app. */
export interface Instance {
  readonly id: number;
  readonly pid: number;
  readonly status: string;
  readonly cluster: boolean;
  readonly restarts: number;
  /** Epoch ms at which it started last. */
  readonly startedAt: number;
  readonly cwd: string;
  readonly script: string;
  /** The environment that pm2 keeps for it. */
  readonly env: Readonly<Record<string, unknown>>;
  /** What it sees under a name; null where that is not set. */
  value(name: string): string | null;
}

/** An app with its instances by id; `reloading` while pm2 holds an outgoing instance. */
export interface App {
  readonly name: string;
  readonly instances: readonly Instance[];
  readonly reloading: boolean;
}

/** Reads an app; refuses where no pm2 runs or no such app is in it. */
export async function readApp(
  place: { readonly app: string; readonly home: string },
  signal: AbortSignal,
): Promise<App> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await readProcesses(place, signal);
    const instances = found.flatMap(one => (typeof one.pm_id === 'number' ? [instanceOf(one, one.pm_id)] : []));
    if (instances.length > 0)
      return {
        name: place.app,
        instances: instances.sort((one, other) => one.id - other.id),
        reloading: found.length > instances.length,
      };
    if (found.length === 0 || attempt === 40)
      throw new Refusal(reason('target-unreachable', {}, `pm2 (${place.home}) has no app ${place.app}`));
    // A single worker is being exchanged: for a moment only the outgoing one is listed.
    await delay(50, undefined, { signal });
  }
}

async function readProcesses(place: { readonly app: string; readonly home: string }, signal: AbortSignal) {
  const listed = await callDaemon(place.home, 'getMonitorData', [{}], signal);
  return z
    .array(z.unknown())
    .catch([])
    .parse(listed)
    .flatMap(one => {
      const read = processSchema.safeParse(one);
      return read.success && read.data.name === place.app ? [read.data] : [];
    });
}

function instanceOf(one: z.infer<typeof processSchema>, id: number): Instance {
  const { pm2_env: own, pid } = one;
  return {
    id,
    pid: pid ?? 0,
    status: own.status,
    cluster: own.exec_mode === 'cluster_mode',
    restarts: own.restart_time,
    startedAt: own.pm_uptime,
    cwd: own.pm_cwd,
    script: own.pm_exec_path,
    env: own.env,
    value: name => {
      const found = plain.safeParse(own.env[name] ?? own[name]);
      return found.success ? String(found.data) : null;
    },
  };
}

/** Whether every instance has been online for so long (ms) without pm2 exchanging any. */
export function isUp(app: App, stableMs: number, now: number): boolean {
  return !app.reloading && app.instances.every(one => one.status === 'online' && now - one.startedAt >= stableMs);
}

/** A restart passes through `stopped`; seen so often in a row it is no restart. */
const stoppedLooks = 5;

/** Watches an app from look to look: answers the instances that pm2 gave up on, or that stay stopped. */
export function watchDown(): (app: App) => readonly Instance[] {
  const stopped = new Map<number, number>();
  return app =>
    app.instances.filter(one => {
      const looks = one.status === 'stopped' ? (stopped.get(one.id) ?? 0) + 1 : 0;
      stopped.set(one.id, looks);
      return one.status === 'errored' || looks >= stoppedLooks;
    });
}

/** Hash of what an approver judged of an app: what runs and how, never its state. */
export function shapeHash(app: App): string {
  const shape = app.instances.map(one => [one.id, one.cluster, one.cwd, one.script]);
  return createHash('sha256')
    .update(JSON.stringify([app.name, shape]))
    .digest('hex');
}
