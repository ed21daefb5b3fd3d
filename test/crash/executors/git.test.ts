import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openGit } from '../../adapters/git/git-world.ts';
import { backRows, forthRows } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

/** Deploys by writing down which tree runs; one line more for each time it ran. */
const program = `#!/bin/sh
if [ "$1" = look ]; then test "$(cat "$2/running")" = "$BACKOUT_TREE"; exit; fi
echo "$BACKOUT_TREE" >>"$2/deployed"
echo "$BACKOUT_TREE" >"$2/running"
`;

const trees = { good: '', bad: '' };

/** One repository with a bad release on main, and one deployed place, for each lane. */
async function open(lanes: number, deploys: boolean): Promise<World> {
  const world = await openGit();
  trees.bad = await world.tree();
  trees.good = await world.bare('rev-parse', 'main~1^{tree}');
  const commits = Number(await world.bare('rev-list', '--count', 'main'));
  const file = join(world.folder, 'program');
  writeFileSync(file, program);
  chmodSync(file, 0o700);
  const place = (lane: number) => join(world.folder, `lane-${lane}`);
  const remote = (lane: number) => join(place(lane), 'shop.git');
  for (let lane = 0; lane < lanes; lane += 1) {
    mkdirSync(place(lane));
    cpSync(world.remote, remote(lane), { recursive: true });
    writeFileSync(join(place(lane), 'running'), `${trees.bad}\n`);
  }
  const ask = (lane: number, ...args: string[]) => world.git(`--git-dir=${remote(lane)}`, ...args);
  return {
    service: lane => {
      const branch = { remote: remote(lane), branch: 'main' };
      const deploy = { argv: [file, 'deploy', place(lane)], observe: [file, 'look', place(lane)] };
      const step = { 'git.restore-release': { ...branch, ...(deploys ? { deploy } : {}) } };
      return {
        ...runbooks(step, { command: { argv: ['true'] } }),
        releases: { source: { 'git.branch': branch } },
      };
    },
    release: () => trees.good,
    effects: async lane => {
      const deployed = join(place(lane), 'deployed');
      return {
        commits: Number(await ask(lane, 'rev-list', '--count', 'main')) - commits,
        tree: await ask(lane, 'rev-parse', 'main^{tree}'),
        deployed: existsSync(deployed) ? readFileSync(deployed, 'utf8').trim().split('\n') : [],
      };
    },
    close: async () => world.close(),
  };
}

crashSuite('git.restore-release', {
  rows: [...forthRows(1), ...backRows()],
  open: lanes => open(lanes, false),
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? { commits: 1, tree: trees.good, deployed: [] }
      : { commits: 2, tree: trees.bad, deployed: [] },
});

crashSuite('git.restore-release with its deployment', {
  rows: [...forthRows(2), ...backRows(2)],
  open: lanes => open(lanes, true),
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? { commits: 1, tree: trees.good, deployed: [trees.good] }
      : { commits: 2, tree: trees.bad, deployed: [trees.good, trees.bad] },
});
