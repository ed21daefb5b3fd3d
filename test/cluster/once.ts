import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Does something once in a state folder, by the first of all processes that asks; the others wait for it. What it threw
 * is thrown to everybody, `limit` milliseconds without an end are an error too.
 */
export async function once(state: string, name: string, work: () => Promise<void>, limit = 180_000): Promise<void> {
  const folder = join(state, `once-${name}`);
  const [done, failed] = [join(folder, 'done'), join(folder, 'failed')];
  if (makeFirst(folder)) {
    try {
      await work();
      writeFileSync(done, '');
    } catch (error) {
      writeFileSync(failed, error instanceof Error ? error.message : String(error));
      throw error;
    }
    return;
  }
  const deadline = Date.now() + limit;
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'));
    if (Date.now() > deadline) throw new Error(`${name} of the test cluster did not get ready in ${limit} ms`);
    await delay(50);
  }
}

function makeFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
