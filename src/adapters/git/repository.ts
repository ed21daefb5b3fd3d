import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Processes, ProcessRequest, ProcessResult } from '../../ports/processes.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import type { GitPlace } from './input.ts';

/** What everything git needs of the composition root. */
export interface GitDeps {
  readonly processes: Processes;
  readonly readSecret: ReadSecret;
  readonly clock: { now(): number };
  /** Where the bot's own clones lie. */
  readonly stateDir: string;
}

/** More for one git command than its arguments. */
export type GitOptions = Pick<ProcessRequest, 'signal' | 'onStart' | 'env' | 'stdin'> & { readonly timeoutMs?: number };

/** A bare clone of the bot's own: nobody's working tree is ever touched. */
export interface Repository {
  /** Runs git in the clone; a failure is a result. */
  run(args: readonly string[], options: GitOptions): Promise<ProcessResult>;
  /** Runs git in the clone and answers what it printed; refuses where it failed. */
  ask(args: readonly string[], options: GitOptions): Promise<string>;
  /** Fetches the branch and the tags; answers the branch's commit. */
  fetch(signal: AbortSignal): Promise<string>;
  /** The branch's commit at the remote now, without fetching; null where there is no such branch. */
  remoteTip(signal: AbortSignal): Promise<string | null>;
}

const commandMs = 120_000;
/** How often a fetch is tried while another one holds a ref of the clone. */
const lockAttempts = 20;

/** The ref under which the clone keeps a branch. */
export const branchRef = (branch: string): string => `refs/backout/heads/${branch}`;
/** Where the clone keeps tags. */
export const tagRefs = 'refs/backout/tags';

/** Opens the clone of a remote, made when first needed. git is run as a program by our own runner (process groups, journal, redaction, time limits). */
export function openRepository(deps: GitDeps, place: GitPlace): Repository {
  const folder = join(
    deps.stateDir,
    'git',
    `${createHash('sha256').update(place.remote).digest('hex').slice(0, 24)}.git`,
  );
  const run = async (args: readonly string[], options: GitOptions): Promise<ProcessResult> => {
    const { timeoutMs = commandMs, env, ...rest } = options;
    const access = await accessOf(deps, place);
    return deps.processes.run({
      argv: ['git', ...args],
      cwd: folder,
      env: { ...plainEnvironment, ...access.env, ...env },
      secrets: access.secrets,
      timeoutMs,
      ...rest,
    });
  };
  const ask = async (args: readonly string[], options: GitOptions): Promise<string> => {
    const result = await run(args, options);
    if (result.exitCode === 0) return result.stdout.trim();
    options.signal.throwIfAborted();
    throw new Refusal(reason('target-unreachable', {}, `git ${args[0]}: ${gitWords(result)}`));
  };
  const own: Repository = {
    run,
    ask,
    fetch: signal => fetchInto(own, folder, place, signal),
    remoteTip: async signal => {
      await prepared(own, folder, signal);
      const wanted = ['--end-of-options', place.remote, `refs/heads/${place.branch}`];
      return /^[0-9a-f]{40,64}/.exec(await ask(['ls-remote', ...wanted], { signal }))?.[0] ?? null;
    },
  };
  return own;
}

/** Nothing of the machine's or the account's settings acts on the bot's clone; nobody is asked for a password. */
const plainEnvironment: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'https:ssh:file',
  GIT_PAGER: 'cat',
  GIT_OPTIONAL_LOCKS: '0',
};

/** The password goes in as configuration by environment: no argument, file or URL holds it. */
async function accessOf(deps: GitDeps, place: GitPlace): Promise<{ env: Record<string, string>; secrets: string[] }> {
  if (!place.credentials) return { env: {}, secrets: [] };
  const password = await deps.readSecret(place.credentials.password);
  const basic = Buffer.from(`${place.credentials.username}:${password}`).toString('base64');
  return {
    env: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `http.${place.remote}.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    },
    secrets: [password, basic],
  };
}

async function prepared(own: Repository, folder: string, signal: AbortSignal): Promise<void> {
  if (await stat(join(folder, 'HEAD')).catch(() => null)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await own.ask(['init', '--quiet', '--bare', '.'], { signal });
  await own.ask(['config', 'gc.auto', '0'], { signal });
}

async function fetchInto(own: Repository, folder: string, place: GitPlace, signal: AbortSignal): Promise<string> {
  await prepared(own, folder, signal);
  const specs = [`+refs/heads/${place.branch}:${branchRef(place.branch)}`, `+refs/tags/*:${tagRefs}/*`];
  const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  const fetching = ['fetch', ...options, '--end-of-options', place.remote, ...specs];
  for (let attempt = 1; attempt < lockAttempts; attempt += 1) {
    const result = await own.run(fetching, { signal });
    if (result.exitCode === 0) break;
    if (!/cannot lock ref|\.lock'?: File exists/.test(result.stderr)) {
      signal.throwIfAborted();
      throw new Refusal(reason('target-unreachable', {}, `git fetch: ${gitWords(result)}`));
    }
    await delay(50 * attempt, undefined, { signal });
  }
  return own.ask(['rev-parse', '--verify', '--end-of-options', `${branchRef(place.branch)}^{commit}`], { signal });
}

/** What git or the remote complained of, the remote's own lines first. */
export function gitWords(result: Pick<ProcessResult, 'stdout' | 'stderr' | 'timedOut'>): string {
  if (result.timedOut) return 'no answer in time';
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').map(line => line.trim());
  const remote = lines.filter(line => /^remote:./.test(line));
  const telling = [...remote, ...lines.filter(line => /^(!|fatal:|error:)/.test(line))];
  return (telling.length > 0 ? telling : lines.filter(Boolean)).slice(0, 8).join('\n').slice(0, 1_200);
}
