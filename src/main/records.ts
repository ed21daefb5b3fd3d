import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Records } from '../../jobs/deps.ts';
import { renderRecord } from '../../templates/index.ts';

/** Keeps each run's record as Markdown, and its verification report as JSON beside it, in `records/` of the state folder. */
export function fileRecords(stateDir: string): Records {
  const folder = join(stateDir, 'records');
  return {
    async keep(data, report) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${data.run.id}.md`);
      await replace(file, renderRecord(data, data.run.request.locale));
      if (report)
        await replace(join(folder, `${data.run.id}.verification.json`), `${JSON.stringify(report, null, 2)}\n`);
      return file;
    },
  };
}

async function replace(file: string, text: string): Promise<void> {
  // Two workers of one host may keep the record of the same run at the same time.
  const unfinished = `${file}.${randomUUID()}.new`;
  await writeFile(unfinished, text, { mode: 0o600 });
  await rename(unfinished, file);
}
