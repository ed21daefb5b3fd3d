import type { RedisInspection } from '../adapters/redis/inspect.ts';
import type { Log } from '../ports/log.ts';
import { StartProblems } from './today.ts';

/** Whether Redis keeps what it confirmed, as far as it could be looked at. */
export interface Safety {
  /** Whether something may run without a human. */
  automatic(): boolean;
  stop(): void;
}

/** What a look at Redis needs; a look fails while Redis is away. */
export interface SafetyDeps {
  readonly inspect: () => Promise<RedisInspection>;
  readonly log: Log;
  /** How long until a look that failed is taken again, in ms. */
  readonly againMs: number;
}

/**
 * Says plainly what is unsafe about this Redis. Throws `StartProblems` where the engine cannot run on it; where it is away it is looked
 * at again until it answers, and nothing runs without a human until then.
 */
export async function watchSafety({ inspect, log, againMs }: SafetyDeps): Promise<Safety> {
  let automatic = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async (): Promise<readonly string[]> => {
    const inspection = await inspect().catch(failure => {
      log.warn({ err: failure }, 'Redis cannot be looked at now; until it can, nothing runs without a human');
      return null;
    });
    if (inspection === null) {
      if (!stopped) timer = setTimeout(() => void lookAgain(), againMs);
      return [];
    }
    const bad = inspection.findings.filter(({ state }) => state !== 'ok');
    for (const { subject, message, remedy } of bad) log.warn({ subject, remedy }, message);
    automatic = inspection.usable && inspection.safeForAutomatic;
    if (inspection.usable) return [];
    return bad.map(({ subject, message, remedy }) => `${subject}: ${message}${remedy ? `; ${remedy}` : ''}`);
  };
  const lookAgain = async (): Promise<void> => {
    const problems = await look();
    if (problems.length > 0) log.error({ problems }, 'Backout cannot run on this Redis; start it again on another');
  };
  const problems = await look();
  if (problems.length > 0) throw new StartProblems(problems);
  return {
    automatic: () => automatic,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
