import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { note } from '../../../src/domain/note.ts';
import type { Release } from '../../../src/domain/release.ts';
import { contractTarget } from '../../contracts/protocol.ts';

const run = promisify(execFile);

/** A repository with a history, and a clone in which people work on it. */
export interface GitWorld {
  readonly folder: string;
  readonly remote: string;
  /** Runs git in the people's clone. */
  git(...args: string[]): Promise<string>;
  /** Runs git in the repository itself. */
  bare(...args: string[]): Promise<string>;
  /** Commits one file on main and pushes it; answers the commit. */
  commit(text: string, author?: string): Promise<string>;
  /** The tree that main has now. */
  tree(): Promise<string>;
  close(): void;
}

/** Opens it with three commits on main: the good one, tagged v1, a merge of a side branch, and a bad one. */
export async function openGit(): Promise<GitWorld & { readonly good: string; readonly bad: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'backout-git-'));
  const remote = join(folder, 'shop.git');
  const work = join(folder, 'work');
  const env = { PATH: '/usr/bin:/bin', HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const call = async (cwd: string, args: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=Dev', '-c', 'user.email=dev@localhost'];
    return (await run('git', [...who, ...args], { cwd, env })).stdout.trim();
  };
  await call(folder, ['init', '--quiet', '--bare', '--initial-branch=main', remote]);
  await call(folder, ['clone', '--quiet', remote, work]);
  const git = (...args: string[]): Promise<string> => call(work, args);
  const commit = async (text: string, author = 'Dev'): Promise<string> => {
    writeFileSync(join(work, 'app.txt'), text);
    writeFileSync(join(work, 'release.json'), JSON.stringify({ version: text.split('\n')[0] }));
    await git('add', '.');
    await git('commit', '--quiet', `--author=${author} <a@localhost>`, '-m', `Change to ${text}`);
    await git('push', '--quiet', 'origin', 'HEAD:main');
    return git('rev-parse', 'HEAD');
  };
  const good = await commit('1.0.0');
  await git('tag', 'v1');
  await git('push', '--quiet', 'origin', 'v1');
  await git('checkout', '--quiet', '-b', 'side');
  writeFileSync(join(work, 'side.bin'), Buffer.from([0, 1, 2, 255]));
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'Add a binary');
  await git('checkout', '--quiet', 'main');
  await git('merge', '--quiet', '--no-ff', '-m', 'Merge side', 'side');
  const bad = await commit('2.0.0', 'Mallory');
  const bare = (...args: string[]): Promise<string> => call(remote, args);
  return {
    folder,
    remote,
    git,
    bare,
    commit,
    tree: () => bare('rev-parse', 'main^{tree}'),
    good,
    bad,
    close: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** A release as the engine would know it. */
export function releaseOf(version: string, identity: Readonly<Record<string, string>>): Release {
  return {
    target: contractTarget,
    key: identity.tree ?? identity.commit ?? version,
    version,
    identity,
    spans: [],
    deployment: null,
    grade: 'verified',
    gradeNote: note('release-unproven'),
    gradedAt: 0,
    gradedBy: null,
    firstSeen: 0,
  };
}
