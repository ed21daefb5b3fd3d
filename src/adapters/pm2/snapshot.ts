import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What an app's variables were, by name; null where one was not set. It may hold secrets, so it lies beside pm2's own dump, for its owner alone. */
export type Snapshot = Readonly<Record<string, string | null>>;

const schema = z.record(z.string(), z.string().nullable());

/** Where the variables of an app as they were before a run are kept. */
export function snapshotFile(home: string, app: string, run: string): string {
  return join(home, `backout-${run}-${app.replace(/[^A-Za-z0-9._-]/g, '_')}.json`);
}

/** Keeps what the variables were, once: a repeat keeps the first. Linked into place whole, so that a crash leaves no half of it. */
export async function keepSnapshot(file: string, snapshot: Snapshot): Promise<void> {
  const part = `${file}.part`;
  await unlink(part).catch(() => {});
  const handle = await open(part, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(snapshot));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await link(part, file).catch((failure: NodeJS.ErrnoException) => {
    if (failure.code !== 'EEXIST') throw failure;
  });
  await unlink(part);
}

/** Reads what the variables were; null where that is gone or unreadable. */
export async function readSnapshot(file: string): Promise<Snapshot | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}
