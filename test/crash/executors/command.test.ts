import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEffect, backRows, forthRows, type Row, undecided } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

/** Adds a line for each time it ran, and leaves or takes away what `observe` looks for. */
const program = `#!/bin/sh
if [ "$1" = look ]; then test -e "$2/there"; exit; fi
echo "$BACKOUT_IDEMPOTENCY_KEY" >>"$2/$1"
if [ "$1" = do ]; then touch "$2/there"; else rm -f "$2/there"; fi
`;

async function open(lanes: number, more: (look: readonly string[]) => object): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'backout-command-'));
  const file = join(folder, 'program');
  writeFileSync(file, program);
  chmodSync(file, 0o700);
  const place = (lane: number) => join(folder, String(lane));
  for (let lane = 0; lane < lanes; lane += 1) mkdirSync(place(lane));
  const lines = (at: string) => (existsSync(at) ? readFileSync(at, 'utf8').trim().split('\n').length : 0);
  return {
    service: lane => {
      const command = {
        argv: [file, 'do', place(lane)],
        undo: [file, 'undo', place(lane)],
        ...more([file, 'look', place(lane)]),
      };
      return runbooks({ command }, { command: { argv: ['true'] } });
    },
    effects: async lane => ({ done: lines(join(place(lane), 'do')), undone: lines(join(place(lane), 'undo')) }),
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

const rows = [...forthRows(1), ...backRows()];
const counted = ({ runbook }: Row) => ({ done: 1, undone: runbook === 'forth' ? 0 : 1 });

crashSuite('command with observe', {
  rows,
  open: lanes => open(lanes, observe => ({ observe })),
  expected: counted,
});

crashSuite('command that may run twice', {
  rows,
  open: lanes => open(lanes, () => ({ idempotent: true })),
  repeats: true,
  expected: row => {
    const again = afterEffect.has(row.point) ? 1 : 0;
    return row.runbook === 'forth' ? { done: 1 + again, undone: 0 } : { done: 1, undone: 1 + again };
  },
});

crashSuite('command that nobody can look at', {
  rows,
  open: lanes => open(lanes, () => ({})),
  stops: true,
  expected: row => {
    const ran = undecided.has(row.point) && !afterEffect.has(row.point) ? 0 : 1;
    return row.runbook === 'forth' ? { done: ran, undone: 0 } : { done: 1, undone: ran };
  },
});
