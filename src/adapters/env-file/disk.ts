import { constants } from 'node:fs';
import { access, type FileHandle, link, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refusal, reason } from '../../domain/reason.ts';

/** An env file as it lies on the disk: `text` holds its bytes, one latin1 character each. */
export interface OnDisk {
  /** The file itself, symlinks followed. */
  readonly real: string;
  readonly text: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly inode: bigint;
}

/** Larger files are no env files. */
const sizeLimit = 4n * 1024n * 1024n;

/** Reads an env file; refuses what is missing, no plain file, shared by hard links or mounted alone. */
export async function readEnvFile(file: string): Promise<OnDisk> {
  const found = await realpath(file)
    .then(async real => ({ real, info: await stat(real, { bigint: true }) }))
    .catch(failure => {
      throw new Refusal(reason('target-unreachable', {}, `${file}: ${codeOf(failure)}`));
    });
  const { real, info } = found;
  if (!info.isFile() || info.size > sizeLimit) throw new Refusal(reason('plan-failed', {}, `${file} is no env file`));
  if (info.nlink > 1n)
    throw new Refusal(reason('plan-failed', {}, `${real} has ${info.nlink} hard links; replacing it would part them`));
  if (await isMountPoint(real))
    throw new Refusal(
      reason('plan-failed', {}, `${real} is mounted by itself; mount its folder, so that it can be replaced whole`),
    );
  const text = await readFile(real, 'latin1').catch(failure => {
    throw new Refusal(reason('permission-missing', {}, `${real}: ${codeOf(failure)}`));
  });
  return {
    real,
    text,
    mode: Number(info.mode & 0o7777n),
    uid: Number(info.uid),
    gid: Number(info.gid),
    inode: info.ino,
  };
}

/** Refuses a file that could not be replaced with its owner kept. */
export async function demandReplaceable(file: OnDisk): Promise<void> {
  const me = process.getuid?.() ?? file.uid;
  if (me !== 0 && me !== file.uid)
    throw new Refusal(reason('permission-missing', {}, `${file.real} belongs to another account`));
  await access(dirname(file.real), constants.W_OK).catch(failure => {
    throw new Refusal(reason('permission-missing', {}, `${dirname(file.real)}: ${codeOf(failure)}`));
  });
}

/** Keeps a copy beside the file, once: a repeat keeps the first. Linked into place whole, so that a crash leaves no half of it. */
export async function keepBackup(file: OnDisk, backup: string): Promise<void> {
  if (await stat(backup).catch(() => null)) return;
  const part = `${backup}.part`;
  await writeWhole(part, file);
  try {
    await link(part, backup);
  } catch (failure) {
    if (codeOf(failure) !== 'EEXIST') throw failure;
  } finally {
    await unlink(part);
  }
  await syncFolder(dirname(backup));
}

/** Replaces the file's text atomically; refuses where it changed since it was read. Readers see the old or the new file, never a part. */
export async function replaceText(before: OnDisk, text: string, part: string, signal: AbortSignal): Promise<void> {
  await writeWhole(part, { ...before, text });
  try {
    signal.throwIfAborted();
    const now = await readEnvFile(before.real);
    if (now.inode !== before.inode || now.text !== before.text || now.mode !== before.mode)
      throw new Refusal(reason('target-changed', { object: before.real }));
    await rename(part, before.real);
  } catch (failure) {
    await unlink(part).catch(() => {});
    throw failure;
  }
  await syncFolder(dirname(before.real));
}

/** Writes a new file with the same owner and mode as another, synced; a leftover of a dead attempt is replaced. */
async function writeWhole(path: string, like: Pick<OnDisk, 'text' | 'mode' | 'uid' | 'gid'>): Promise<void> {
  await unlink(path).catch(() => {});
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  try {
    await handle.writeFile(like.text, 'latin1');
    await keepOwner(handle, like);
    await handle.chmod(like.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function keepOwner(handle: FileHandle, like: Pick<OnDisk, 'uid' | 'gid'>): Promise<void> {
  const made = await handle.stat();
  if (made.uid === like.uid && made.gid === like.gid) return;
  await handle.chown(like.uid, like.gid).catch(failure => {
    throw new Refusal(reason('permission-missing', {}, `its owner and group cannot be kept: ${codeOf(failure)}`));
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function isMountPoint(real: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return mounts.split('\n').some(line => line.split(' ')[4] === real);
}

function codeOf(failure: unknown): string {
  return (failure as NodeJS.ErrnoException).code ?? String(failure);
}
