import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readApp } from '../../../src/adapters/pm2/apps.ts';
import { openPm2 } from '../../adapters/pm2/pm2-world.ts';
import { backRows, forthRows, turningRow } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

/** One app for each lane under a pm2 of its own; what it sees is read from the running process itself. */
async function open(lanes: number, step: (place: { app: string; home: string }) => object): Promise<World> {
  const pm2 = openPm2();
  const appOf = (lane: number) => `shop-${lane}`;
  const one = { script: '/bin/sleep', args: '100000', interpreter: 'none', vizion: false, cwd: '/' };
  const apps = Array.from({ length: lanes }, (_, lane) => ({ ...one, name: appOf(lane), env: { MODE: 'normal' } }));
  const file = join(dirname(pm2.home), 'ecosystem.json');
  writeFileSync(file, JSON.stringify({ apps }));
  await pm2.cli('start', file);
  return {
    service: lane => {
      const place = { app: appOf(lane), home: pm2.home };
      return runbooks(step(place), { 'pm2.online': { ...place, stable: '1s' } });
    },
    effects: async lane => {
      const { instances } = await readApp({ app: appOf(lane), home: pm2.home }, AbortSignal.timeout(15_000));
      return instances.map(({ pid, restarts, status }) => {
        const seen = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return { status, restarts, mode: seen.find(text => text.startsWith('MODE=')) };
      });
    },
    close: async () => {
      await pm2.cli('kill');
      await pm2.close();
    },
  };
}

crashSuite('pm2.set-env', {
  rows: [...forthRows(1), ...backRows()],
  open: lanes => open(lanes, place => ({ 'pm2.set-env': { ...place, set: { MODE: 'emergency' }, stable: '1s' } })),
  host: 'host',
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? [{ status: 'online', restarts: 1, mode: 'MODE=emergency' }]
      : [{ status: 'online', restarts: 2, mode: 'MODE=normal' }],
});

crashSuite('pm2.reload', {
  rows: [...forthRows(1), turningRow],
  open: lanes => open(lanes, place => ({ 'pm2.reload': { ...place, stable: '1s' } })),
  host: 'host',
  // A restart cannot be taken back: a run that fails after it asks a person.
  end: ({ runbook }) => (runbook === 'forth' ? 'succeeded' : 'needs-operator'),
  expected: () => [{ status: 'online', restarts: 1, mode: 'MODE=normal' }],
});
