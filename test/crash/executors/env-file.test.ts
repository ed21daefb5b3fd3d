import {
  type FSWatcher,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { backRows, forthRows } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const before = '# switches\nPORT=3000\nWS_STRICT_MODE=true\n';
const after = before.replace('true', 'false');

/** One env file for each lane; how often it was replaced is seen by watching its folder. */
async function open(lanes: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'backout-env-'));
  const place = (lane: number) => join(folder, String(lane));
  const written = new Map<number, number>();
  const watchers: FSWatcher[] = [];
  for (let lane = 0; lane < lanes; lane += 1) {
    mkdirSync(place(lane));
    writeFileSync(join(place(lane), 'shop.env'), before);
    const seen = (event: string, name: string | null) => {
      if (event === 'rename' && name === 'shop.env') written.set(lane, (written.get(lane) ?? 0) + 1);
    };
    watchers.push(watch(place(lane), seen));
  }
  return {
    service: lane => {
      const step = { 'env-file.set': { file: join(place(lane), 'shop.env'), set: { WS_STRICT_MODE: false } } };
      return runbooks(step, {
        command: { argv: ['grep', '-c', 'WS_STRICT_MODE=false', join(place(lane), 'shop.env')] },
      });
    },
    effects: async lane => {
      await delay(50);
      const files = readdirSync(place(lane));
      const backups = files.filter(name => name.includes('.bak-'));
      return {
        text: readFileSync(join(place(lane), 'shop.env'), 'utf8'),
        written: written.get(lane) ?? 0,
        backups: backups.map(name => readFileSync(join(place(lane), name), 'utf8')),
        others: files.length - backups.length - 1,
      };
    },
    close: async () => {
      for (const watcher of watchers) watcher.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

crashSuite('env-file.set', {
  rows: [...forthRows(1), ...backRows()],
  open,
  host: 'host',
  expected: ({ runbook }) => ({
    text: runbook === 'forth' ? after : before,
    written: runbook === 'forth' ? 1 : 2,
    backups: [before],
    others: 0,
  }),
});
