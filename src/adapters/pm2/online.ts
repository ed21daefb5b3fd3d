import { parseDuration } from '../../domain/duration.ts';
import { note } from '../../domain/note.ts';
import { Refusal } from '../../domain/reason.ts';
import type { Check } from '../../ports/check.ts';
import { isUp, readApp, watchDown } from './apps.ts';
import { onlineInput } from './input.ts';
import type { Pm2Deps } from './set-env.ts';

/** Restarts that are too many while it is watched. */
const crashLoop = 2;

/** The check that every instance of an app is online and stays so. */
export function createOnlineCheck(deps: Pick<Pm2Deps, 'clock'>): Check {
  return {
    kind: 'pm2.online',
    start: (context, raw) => {
      const input = onlineInput.parse(raw);
      const stableMs = parseDuration(input.stable) ?? 0;
      const downOnes = watchDown();
      let before: ReadonlyMap<number, number> | null = null;
      return async () => {
        const facts = { app: input.app };
        let app: Awaited<ReturnType<typeof readApp>>;
        try {
          app = await readApp(input, context.signal);
        } catch (failure) {
          if (!(failure instanceof Refusal)) throw failure;
          return { status: 'unknown', note: note('pm2-online-unseen', facts, failure.reason.detail) };
        }
        before ??= new Map(app.instances.map(one => [one.id, one.restarts]));
        const since = before;
        const looping = app.instances.filter(one => one.restarts >= (since.get(one.id) ?? one.restarts) + crashLoop);
        const down = [...downOnes(app), ...looping].map(one => `${one.id} ${one.status}`);
        if (down.length > 0) return { status: 'failed', note: note('pm2-online-down', { ...facts, instances: down }) };
        const count = { ...facts, instances: app.instances.length, wanted: input.instances };
        if (app.instances.length < input.instances)
          return { status: app.reloading ? 'waiting' : 'failed', note: note('pm2-online-too-few', count) };
        if (!isUp(app, stableMs, deps.clock.now()))
          return { status: 'waiting', note: note('pm2-online-not-yet', count) };
        return { status: 'passed', note: note('pm2-online', { ...count, ms: stableMs }) };
      };
    },
  };
}
