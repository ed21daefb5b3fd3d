import { setTimeout as delay } from 'node:timers/promises';
import type { Json, JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { Interruption } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Settlement } from '../../ports/executor.ts';
import { type App, type Instance, isUp, readApp, watchDown } from './apps.ts';
import { callDaemon, DaemonError } from './daemon.ts';

/** Which app, and how long it must be up. */
export interface Pm2Place {
  readonly app: string;
  readonly home: string;
  readonly stableMs: number;
}

const pollMs = 200;
/** An app that restarted so often while we watched is crash-looping. */
const crashLoop = 2;
/** A fork-mode app is away for about so long while it restarts, in ms (measured 0.3 s, plus its own start). */
const restartGapMs = 1_000;

/** Restarts one instance with new settings: in cluster mode pm2 starts the new worker first, in fork mode there is a gap. */
export async function restartInstance(
  place: Pm2Place,
  instance: Instance,
  settings: JsonObject,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await callDaemon(
        place.home,
        'reloadProcessId',
        [{ id: instance.id, env: { current_conf: settings } } as Json],
        signal,
      );
      return;
    } catch (failure) {
      if (!(failure instanceof DaemonError) || !/in progress/i.test(failure.message)) throw failed(place, failure);
      await delay(pollMs, undefined, { signal });
    }
  }
}

function failed(place: Pm2Place, failure: unknown): unknown {
  if (!(failure instanceof DaemonError)) return failure;
  return new Refusal(reason('step-failed', { object: `pm2 app ${place.app}` }, failure.message));
}

/** Waits until one restarted instance is up for a second; refuses where it is down, so that the others keep what they have. */
export async function demandInstanceUp(
  place: Pm2Place,
  id: number,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const first = (await readApp(place, signal)).instances.find(one => one.id === id)?.restarts ?? 0;
  const downOnes = watchDown();
  for (;;) {
    const app = await readApp(place, signal);
    const one = app.instances.find(instance => instance.id === id);
    const gone = !one && !app.reloading;
    if (gone || (one && (downOnes(app).includes(one) || one.restarts >= first + crashLoop)))
      throw new Refusal(reason('step-failed', { object: `pm2 app ${place.app}` }, `instance ${id} does not come up`));
    if (one?.status === 'online' && now() - one.startedAt >= Math.min(1_000, place.stableMs)) return;
    await delay(pollMs, undefined, { signal });
  }
}

/** Waits until every instance is up and shows the change, or one is provably not coming up. */
export async function settleApp(
  place: Pm2Place,
  context: ApplyContext,
  now: () => number,
  hasChange: (instance: Instance) => boolean,
): Promise<Settlement> {
  const object = `pm2 app ${place.app}`;
  const downOnes = watchDown();
  let served = false;
  let before: ReadonlyMap<number, number> | null = null;
  for (;;) {
    const app = await readApp(place, context.signal);
    before ??= new Map(app.instances.map(one => [one.id, one.restarts]));
    const since = before;
    served ||= app.instances.some(
      one => hasChange(one) && one.status === 'online' && now() - one.startedAt >= place.stableMs,
    );
    const down = downOnes(app);
    const looping = app.instances.filter(one => one.restarts >= (since.get(one.id) ?? one.restarts) + crashLoop);
    if (down.length > 0 || looping.length > 0) {
      const facts = { object, instances: [...down, ...looping].map(one => String(one.id)) };
      const detail = down.length > 0 ? `pm2 says ${down[0]?.status}` : 'it restarts again and again';
      return { state: 'failed', reason: reason('not-settled', facts, detail), served };
    }
    if (!app.reloading && app.instances.some(one => !hasChange(one)))
      return { state: 'failed', reason: reason('not-settled', { object }, 'the change is not there'), served };
    if (isUp(app, place.stableMs, now()))
      return {
        state: 'settled',
        note: note('pm2-up', { app: place.app, instances: app.instances.length }),
        served: true,
      };
    context.progress(
      note('pm2-coming-up', {
        app: place.app,
        up: upCount(app, place.stableMs, now()),
        instances: app.instances.length,
      }),
    );
    await delay(pollMs, undefined, { signal: context.signal });
  }
}

function upCount(app: App, stableMs: number, now: number): number {
  return app.instances.filter(one => one.status === 'online' && now - one.startedAt >= stableMs).length;
}

/** What users feel when an app is restarted, by how pm2 runs it. */
export function interruptionOf(app: App): Interruption {
  return app.instances.every(one => one.cluster) ? { kind: 'none' } : { kind: 'gap', ms: restartGapMs };
}

/** How pm2 will do it, in the preview's words. */
export function howOf(app: App): 'pm2-cluster-reload' | 'pm2-fork-restart' {
  return app.instances.every(one => one.cluster) ? 'pm2-cluster-reload' : 'pm2-fork-restart';
}
