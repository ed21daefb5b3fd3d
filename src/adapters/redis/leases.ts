import type { RunId } from '../../domain/ids.ts';
import { rootPost } from '../../domain/post.ts';
import type { LeaseHolder, RunStore, Tick, TimerName } from '../../ports/run-store.ts';
import type { RedisConnection } from './connection.ts';
import { postArgs } from './encode.ts';
import * as scripts from './scripts/leases.ts';

type ToldHolder = readonly [string, string, string, number, number, string, string, readonly string[]];
type ToldRing = readonly [string, string, string];

/** Who holds which target, how they are found dead, and what is due. */
export type Leases = Pick<
  RunStore,
  'acquire' | 'renew' | 'release' | 'child' | 'progress' | 'tick' | 'rung' | 'announce' | 'workers' | 'now'
>;

/** Leases, timers and rings over Redis. */
export function leases(connection: RedisConnection): Leases {
  const connections = liveConnections(connection);
  return {
    async acquire(target, run, worker, leaseMs, waitOut) {
      const attempt = () => {
        const { client, server } = connection.identity();
        const args = [target, run, worker, leaseMs, waitOut ? 1 : 0, client, server, ...postArgs([rootPost(run)])];
        return connection.call<readonly [1, number, ToldHolder | null] | readonly [0, ToldHolder]>(
          scripts.acquireScript,
          args,
        );
      };
      let told = await attempt();
      if (told[0] === 0 && told[1][4] === 0) {
        const [client, server] = [told[1][5], told[1][6]];
        const rings = await connections.markGone([[target, client, server]]);
        if (rings.length > 0) told = await attempt();
      }
      if (told[0] === 1) return { ok: true, fence: told[1], previous: told[2] ? holder(told[2]) : null };
      return { ok: false, holder: holder(told[1]) };
    },
    async renew(target, fence, leaseMs) {
      const { client, server } = connection.identity();
      return (await connection.call(scripts.renewScript, [target, fence, leaseMs, client, server])) === 1;
    },
    async release(target, fence) {
      await connection.call(scripts.releaseScript, [target, fence]);
    },
    async child(target, fence, child) {
      return (await connection.call(scripts.childScript, [target, fence, JSON.stringify(child)])) === 1;
    },
    async progress(id, fence, note) {
      await connection.call(scripts.progressScript, [id, fence, JSON.stringify(note), ...postArgs([rootPost(id)])]);
    },
    tick: () => tick(connection, connections),
    async rung(ids) {
      if (ids.length > 0) await connection.call(scripts.rungScript, [ids.length, ...ids]);
    },
    async announce(worker, ttlMs) {
      await connection.call(scripts.workersScript, [worker, ttlMs]);
    },
    async workers() {
      const [, names] = await connection.call<[number, string[]]>(scripts.workersScript, ['', 0]);
      return names;
    },
    async now() {
      const [now] = await connection.call<[number, string[]]>(scripts.workersScript, ['', 0]);
      return now;
    },
  };
}

async function tick(connection: RedisConnection, connections: LiveConnections): Promise<Tick> {
  const [now, due, unrung, readyThreads, held] = await connection.call<
    [number, [string, string, number][], ToldRing[], number, Holding[]]
  >(scripts.tickScript, []);
  const gone = await connections.markGone(held);
  return {
    now,
    due: due.map(([run, timer, at]) => ({ run: run as RunId, timer: timer as TimerName, at })),
    unrung: [...unrung, ...gone].map(([run, fence, runsOn]) => ({
      run: run as RunId,
      fence: Number(fence),
      runsOn: runsOn || null,
    })),
    readyThreads,
  };
}

function holder(told: ToldHolder): LeaseHolder {
  const [run, worker, fence, until, gone, , , children] = told;
  return {
    run: run as RunId,
    worker,
    fence: Number(fence),
    until,
    gone: gone === 1,
    children: children.map(child => JSON.parse(child)),
  };
}

/** A held target with the connection its holder last renewed by: client id and the server's run id. */
type Holding = readonly [target: string, client: string, server: string];

interface LiveConnections {
  markGone(held: readonly Holding[]): Promise<readonly ToldRing[]>;
}

/**
 * Finds holders whose connection is gone. Client ids begin anew when Redis restarts, so only ids of the server's present life are judged;
 * where `CLIENT LIST` is forbidden the lease alone decides.
 */
function liveConnections(connection: RedisConnection): LiveConnections {
  let forbidden = false;
  return {
    async markGone(held) {
      const { server } = connection.identity();
      const judged = held.filter(([, client, ofServer]) => client !== '' && server !== '' && ofServer === server);
      if (forbidden || judged.length === 0) return [];
      const listed = await connection
        .confirmed(connection.redis.call('CLIENT', 'LIST', 'ID', ...judged.map(([, client]) => client)))
        .catch((failure: unknown) => {
          if (failure instanceof Error && failure.name === 'ReplyError') forbidden = true;
          else throw failure;
        });
      if (typeof listed !== 'string') return [];
      const alive = new Set([...listed.matchAll(/^id=(\d+)/gm)].map(match => match[1]));
      const gone = judged.filter(([, client]) => !alive.has(client));
      if (gone.length === 0) return [];
      return connection.call<ToldRing[]>(scripts.goneScript, [gone.length, ...gone.flat()]);
    },
  };
}
