import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chartFiles } from '../test/engines/helm/chart.ts';
import type { Bench, Figure } from './figure.ts';
import { shell } from './kubectl-race.ts';
import { median, medianRange, ms } from './measure.ts';
import { isBuilt, openRacePlace, type RacePlace } from './race-place.ts';

/** The first round of each is dropped. */
const rounds = 11;
const programs = ['helm4', 'helm3'] as const;
type Program = (typeof programs)[number];
/** What our own part may cost, in ms. */
const barMs = 150;

/** `helm.rollback` from the approval to its outcome, beside the same helm with the same flags by hand on a twin release: who begins is drawn by lot. */
export const helmRollback: Bench = {
  name: 'helm-rollback',
  async run(say) {
    const blank = { rival: '', ratio: '', bar: '', met: null };
    if (!isBuilt()) return [{ ...blank, what: 'helm rollback', ours: 'not measured: run npm run cluster:build' }];
    const place = await openRacePlace();
    try {
      const charts = ['app:1.0.0', 'app:1.1.0'].map(image => writeChart(place, image));
      const lanes = programs.flatMap(program => Array.from({ length: rounds }, (_, at) => laneOf(program, at)));
      const services = lanes.map(lane => [lane, serviceOf(place, lane)] as const);
      await place.publish(Object.fromEntries(services));
      const figures: Figure[] = [];
      for (const program of programs) figures.push(await race(place, program, charts, say));
      return figures;
    } finally {
      await place.close();
    }
  },
};

const laneOf = (program: Program, round: number) => `${program}-${round}`;

function writeChart({ folder }: RacePlace, image: string): string {
  const chart = join(folder, image.replace(/\W/g, '-'));
  for (const [name, text] of Object.entries(chartFiles({ image, probe: false }))) {
    mkdirSync(dirname(join(chart, name)), { recursive: true });
    writeFileSync(join(chart, name), text);
  }
  return chart;
}

function serviceOf(place: RacePlace, lane: string): object {
  const [program = ''] = lane.split('-');
  const check = { command: { argv: ['true'] }, title: 'Up' };
  return {
    target: { helm: { namespace: place.namespace, release: lane } },
    releases: { source: 'helm.release' },
    runbooks: {
      back: { level: 3, steps: [{ 'helm.rollback': { binary: place.program(program) } }], checks: [check] },
    },
  };
}

async function race(
  place: RacePlace,
  program: Program,
  charts: readonly string[],
  say: (words: string) => void,
): Promise<Figure> {
  const helm = `"${place.program(program)}"`;
  const at = `--namespace ${place.namespace}`;
  const found: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round += 1) {
    const lane = laneOf(program, round);
    const deploy = async (name: string) => {
      for (const chart of charts) await shell(place, `${helm} upgrade --install ${name} ${chart} ${at} --wait`);
    };
    await Promise.all([deploy(lane), deploy(`${lane}-twin`)]);
    const run = {
      ours: async () => {
        const key = await place.keyOf('helm.release', { namespace: place.namespace, release: lane }, '1.0.0');
        const { approved, settled } = await (await place.ask(lane, key)).approve();
        return settled - approved;
      },
      theirs: async () => {
        const flags = `${at} --wait --timeout 300s --history-max 0 --cleanup-on-fail`;
        const { t0, t3 } = await shell(place, `${helm} rollback ${lane}-twin 1 ${flags}`);
        return t3 - t0;
      },
    };
    const order = Math.random() < 0.5 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) found[side].push(await run[side]());
    say(`${program} ${round}: ours ${found.ours.at(-1)}, helm ${found.theirs.at(-1)}`);
    await shell(place, `${helm} uninstall ${lane} ${lane}-twin ${at}`);
  }
  return figureOf(place, program, found.ours.slice(1), found.theirs.slice(1));
}

async function figureOf(
  place: RacePlace,
  program: Program,
  ours: readonly number[],
  theirs: readonly number[],
): Promise<Figure> {
  const { said } = await shell(place, `"${place.program(program)}" version --template '{{.Version}}'`);
  const more = median(ours) - median(theirs);
  return {
    what: `helm rollback --wait, ${said.trim()}, ${ours.length} rounds: t3−t0`,
    ours: medianRange(ours),
    rival: `helm ${medianRange(theirs)}`,
    ratio: `${more < 0 ? '−' : '+'}${ms(Math.abs(more))} ms`,
    bar: `≤ +${barMs} ms`,
    met: more <= barMs,
  };
}
