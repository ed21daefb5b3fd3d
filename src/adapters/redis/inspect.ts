import type { Finding } from '../../ports/probe.ts';
import type { RedisConnection } from './connection.ts';
import { keys } from './keys.ts';

/** What the engine learnt of its Redis. */
export interface RedisInspection {
  readonly findings: readonly Finding[];
  /** Whether a rollback that no human approved may run: what was decided survives a crash. */
  readonly safeForAutomatic: boolean;
  /** Whether the engine can run on it at all. */
  readonly usable: boolean;
}

/** Looks at version, memory policy and persistence; where `CONFIG` is forbidden, says what could not be seen and trusts nothing. */
export async function inspectRedis({ redis, confirmed }: RedisConnection): Promise<RedisInspection> {
  const info = await confirmed(redis.info());
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
  const setting = async (name: string): Promise<string | null> => {
    const reply = await confirmed(redis.config('GET', name)).catch((failure: unknown) => {
      if (failure instanceof Error && failure.name === 'ReplyError') return [];
      throw failure;
    });
    const value = Array.isArray(reply) ? reply[1] : null;
    return typeof value === 'string' ? value : null;
  };
  const version = field('valkey_version') ?? field('redis_version');
  const policy = field('maxmemory_policy') ?? (await setting('maxmemory-policy'));
  const appendOnly = field('aof_enabled');
  const appendFsync = appendOnly === '1' ? await setting('appendfsync') : null;
  const versionFits = field('valkey_version') !== null || atLeast(version ?? '0', 6, 2);
  const failing = field('aof_last_write_status') === 'err';
  const findings = [
    versionFinding(version, versionFits),
    policyFinding(policy),
    persistenceFinding(appendOnly === '1', appendFsync, failing),
    ...(field('cluster_enabled') === '1' ? [await clusterFinding({ redis, confirmed })] : []),
    ...(field('role') === 'slave' ? [replicaFinding] : []),
  ];
  const broken = findings.some(finding => finding.state === 'broken');
  const durable = appendOnly === '1' && !failing && (appendFsync === 'always' || appendFsync === 'everysec');
  return { findings, safeForAutomatic: !broken && durable && policy === 'noeviction', usable: !broken };
}

const subject = 'Redis';

function versionFinding(version: string | null, fits: boolean): Finding {
  if (fits) return { subject, state: 'ok', message: `version ${version}`, remedy: null };
  const message = `version ${version ?? 'unknown'} is too old: 6.2 or later is needed`;
  return { subject, state: 'broken', message, remedy: 'Install Redis 6.2 or later, or any Valkey.' };
}

function policyFinding(policy: string | null): Finding {
  if (policy === 'noeviction') {
    return { subject, state: 'ok', message: 'keys are never evicted (maxmemory-policy noeviction)', remedy: null };
  }
  const remedy = 'Set maxmemory-policy noeviction.';
  if (policy === null) {
    const message = 'the server does not tell its maxmemory-policy, so runs could be evicted';
    return { subject, state: 'warning', message, remedy };
  }
  const message = `maxmemory-policy ${policy} lets the server throw runs away when memory is short`;
  return { subject, state: 'warning', message, remedy };
}

function persistenceFinding(appendOnly: boolean, fsync: string | null, failing: boolean): Finding {
  const remedy = 'Set appendonly yes and appendfsync always.';
  if (!appendOnly) {
    const message =
      'no append-only file: a restart of Redis loses approvals and journals, so no automatic rollback is started';
    return { subject, state: 'warning', message, remedy };
  }
  if (failing) {
    const message = 'the append-only file cannot be written, so nothing new is durable';
    return { subject, state: 'broken', message, remedy: 'Look for a full disk or missing rights in the server’s log.' };
  }
  if (fsync === 'always') {
    return { subject, state: 'ok', message: 'every write is on disk before it is answered', remedy: null };
  }
  if (fsync === 'everysec') {
    const message = 'appendfsync everysec: a power loss can lose the last second, acknowledged approvals included';
    return { subject, state: 'warning', message, remedy };
  }
  const message = `appendfsync ${fsync ?? 'cannot be seen'}: a power loss can lose acknowledged approvals`;
  return { subject, state: 'warning', message: `${message}, so no automatic rollback is started`, remedy };
}

/** All keys carry one hash tag, so one node of a cluster holds them; it has to be the one we talk to. */
async function clusterFinding({ redis, confirmed }: Pick<RedisConnection, 'redis' | 'confirmed'>): Promise<Finding> {
  const elsewhere = await confirmed(redis.exists(keys.allRuns)).then(
    () => null,
    (failure: unknown) => String(failure),
  );
  if (elsewhere === null) {
    return { subject, state: 'ok', message: 'cluster mode: this node holds all of our keys', remedy: null };
  }
  const message = `cluster mode: our keys are not on this node (${elsewhere.slice(0, 80)})`;
  return { subject, state: 'broken', message, remedy: 'Point REDIS_URL at the node that the message names.' };
}

const replicaFinding: Finding = {
  subject,
  state: 'broken',
  message: 'this server is a replica and takes no writes',
  remedy: 'Point REDIS_URL at the primary.',
};

function atLeast(version: string, major: number, minor: number): boolean {
  const [have = 0, haveMinor = 0] = version.split('.').map(Number);
  return have > major || (have === major && haveMinor >= minor);
}
