import { Redis } from 'ioredis';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Script } from './scripts/script.ts';

/** How long an interactive command may take, in ms: half of the time Slack gives for an answer. */
const commandTimeoutMs = 1_500;

/** Server words that mean that nothing was written because Redis is not fit to write now. */
const unfit = /^(?:LOADING|MISCONF|OOM|READONLY|NOREPLICAS|CLUSTERDOWN|MASTERDOWN|TRYAGAIN)\b/;

/** One connection for scripts and reads, with the identity that leases remember. */
export interface RedisConnection {
  readonly redis: Redis;
  /** This connection's client id and the server's run id; empty where the server does not tell. */
  identity(): { readonly client: string; readonly server: string };
  /** Runs a script, by its hash where the server has it. */
  call<Reply>(script: Script, args: readonly (string | number)[]): Promise<Reply>;
  /** Awaits a command; a lost reply becomes a `Refusal` `not-confirmed`. */
  confirmed<Reply>(command: Promise<Reply>): Promise<Reply>;
  close(): Promise<void>;
}

/** Where Redis is, as ioredis and BullMQ both take it. */
export interface RedisPlace {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: object;
}

/** Reads `redis://`, `rediss://`, `unix://` and absolute socket paths as a place; throws where the text is none of these. */
export function redisPlace(url: string): RedisPlace {
  if (url.startsWith('/')) return { path: url };
  const parsed = URL.parse(url);
  if (!parsed) throw new Error('REDIS_URL is no URL and no absolute socket path');
  const db = Number(parsed.searchParams.get('db') ?? (/^\/\d+$/.test(parsed.pathname) ? parsed.pathname.slice(1) : 0));
  const account = {
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(db ? { db } : {}),
  };
  if (parsed.protocol === 'unix:' || parsed.protocol === 'redis+unix:') {
    return { path: decodeURIComponent(parsed.pathname), ...account };
  }
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') {
    throw new Error(`REDIS_URL begins with ${parsed.protocol}// — redis://, rediss:// or unix:// is needed`);
  }
  const tls = parsed.protocol === 'rediss:' ? { tls: {} } : {};
  return { host: parsed.hostname.replace(/^\[|\]$/g, ''), port: Number(parsed.port || 6379), ...account, ...tls };
}

/** How long to wait before the n-th try to reach Redis again, in ms: quick at first, never over 2 s. */
export function reconnectDelay(tries: number): number {
  return Math.min(50 * 2 ** Math.min(tries - 1, 6), 2_000);
}

/**
 * Opens the interactive connection: it fails at once while Redis is away, never sends a command twice, and comes back by itself.
 * Resolves also where Redis is away; `trouble` hears of every lost connection.
 */
export async function openRedis(
  deps: { readonly trouble: (failure: Error) => void },
  url: string,
): Promise<RedisConnection> {
  const redis = new Redis({
    ...redisPlace(url),
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelay,
    lazyConnect: true,
  });
  redis.on('error', deps.trouble);
  let identity = { client: '', server: '' };
  redis.on('close', () => {
    identity = { client: '', server: '' };
  });
  const learn = async () => {
    const [client, info] = await Promise.all([redis.client('ID'), redis.info('server')]);
    identity = { client: String(client), server: /run_id:(\w+)/.exec(info)?.[1] ?? '' };
  };
  redis.on('ready', () => void learn().catch(deps.trouble));
  await redis.connect().then(learn).catch(deps.trouble);
  return {
    redis,
    identity: () => identity,
    confirmed,
    call: <Reply>(script: Script, args: readonly (string | number)[]) =>
      confirmed(evaluate(redis, script, args)) as Promise<Reply>,
    close: async () => {
      redis.disconnect();
    },
  };
}

async function evaluate(redis: Redis, script: Script, args: readonly (string | number)[]): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha, 1, script.key, ...args);
  } catch (failure) {
    if (!(failure instanceof Error) || !failure.message.startsWith('NOSCRIPT')) throw failure;
    return await redis.eval(script.lua, 1, script.key, ...args);
  }
}

async function confirmed<Reply>(command: Promise<Reply>): Promise<Reply> {
  try {
    return await command;
  } catch (failure) {
    if (!(failure instanceof Error)) throw failure;
    const answered = failure.name === 'ReplyError';
    if (answered && !unfit.test(failure.message)) throw failure;
    throw new Refusal(reason('not-confirmed', undefined, answered ? failure.message.slice(0, 120) : 'Redis'));
  }
}
