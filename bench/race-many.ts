import { availableParallelism } from 'node:os';
import type { Bench, Figure } from './figure.ts';
import { until } from './kill-place.ts';
import { deploymentOf, deployments, inBackground, isStuck, setImage, shell, versions } from './kubectl-race.ts';
import { median, medianRange, times } from './measure.ts';
import { isBuilt, openRacePlace, type RacePlace } from './race-place.ts';
import { type Watcher, watchDeployments } from './race-watch.ts';

/** How many Deployments go back in one run, and in how many rounds; the first is dropped. */
interface Many {
  readonly count: number;
  readonly rounds: number;
}

const many: readonly Many[] = [
  { count: 10, rounds: 21 },
  { count: 50, rounds: 11 },
];

const ways = ['ours', 'in a loop', 'xargs -P', 'all at once'] as const;
type Way = (typeof ways)[number];

const laneOf = ({ count }: Many, round: number) => `h${count}-${round}`;
const namesOf = ({ count }: Many, lane: string, way: Way) =>
  Array.from({ length: count }, (_, at) => `${lane}-${ways.indexOf(way)}-${at}`);

/** The services of the race: each one step that names all Deployments of a round. */
function servicesOf(namespace: string): Readonly<Record<string, object>> {
  const lanes = many.flatMap(one =>
    Array.from({ length: one.rounds }, (_, round) => ({ one, lane: laneOf(one, round) })),
  );
  return Object.fromEntries(
    lanes.map(({ one, lane }) => {
      const names = namesOf(one, lane, 'ours');
      const step = { 'kubernetes.rollout-undo': { workloads: names.map(deployment => ({ deployment })) } };
      const service = {
        target: { kubernetes: { namespace, deployment: names[0] } },
        releases: { source: 'kubernetes.deployment' },
        runbooks: { back: { level: 3, steps: [step], checks: [{ 'kubernetes.rollout': {}, title: 'Up' }] } },
      };
      return [lane, service];
    }),
  );
}

/** Many Deployments whose bad release never came up go back in one run, beside the best way to do that with kubectl: the order is drawn by lot. */
export const kubectlRaceMany: Bench = {
  name: 'kubectl-race-many',
  async run(say) {
    const blank = { rival: '', ratio: '', bar: '', met: null };
    if (!isBuilt()) return [{ ...blank, what: 'kubectl race, many', ours: 'not measured: run npm run cluster:build' }];
    const place = await openRacePlace();
    const watcher = await watchDeployments(place.kubeconfig, place.namespace);
    try {
      await place.publish(servicesOf(place.namespace));
      say(await versions(place));
      const figures: Figure[] = [];
      for (const one of many) figures.push(await race(place, watcher, one, say));
      return figures;
    } finally {
      watcher.close();
      await place.close();
    }
  },
};

async function race(place: RacePlace, watcher: Watcher, one: Many, say: (words: string) => void): Promise<Figure> {
  const found = new Map<Way, number[]>(ways.map(way => [way, []]));
  for (let round = 0; round < one.rounds; round += 1) {
    const order = ways.map(way => ({ way, lot: Math.random() })).toSorted((a, b) => a.lot - b.lot);
    for (const { way } of order)
      found.get(way)?.push(await goBack(place, watcher, { one, lane: laneOf(one, round), way }));
    say(`H, ${one.count} Deployments, ${round}: ${ways.map(way => `${way} ${found.get(way)?.at(-1)}`).join(', ')}`);
  }
  return figureOf(one, found);
}

function figureOf({ count, rounds }: Many, found: ReadonlyMap<Way, readonly number[]>): Figure {
  const counted = (way: Way) => (found.get(way) ?? []).slice(1);
  const rivals = ways.filter(way => way !== 'ours').toSorted((a, b) => median(counted(a)) - median(counted(b)));
  const best = rivals[0] ?? 'in a loop';
  const ratio = median(counted('ours')) / median(counted(best));
  return {
    what: `H, ${count} Deployments of 1 replica in one run, ${rounds - 1} rounds: t3−t0`,
    ours: medianRange(counted('ours')),
    rival: rivals.map(way => `kubectl ${way} ${medianRange(counted(way))}`).join('; '),
    ratio: times(ratio),
    bar: '≤ 1.0× the best',
    met: ratio <= 1,
  };
}

/** One way back, from its beginning to its end in ms; what it goes back on is made before and deleted after. */
async function goBack(
  place: RacePlace,
  watcher: Watcher,
  { one, lane, way }: { readonly one: Many; readonly lane: string; readonly way: Way },
): Promise<number> {
  const names = namesOf(one, lane, way);
  for (const name of names) await place.api('POST', deployments(place), deploymentOf(name, 1));
  await until(`${lane} is up`, async () => names.every(name => watcher.isDone(name)) || null, 300_000);
  for (const name of names) await setImage(place, name, 'app:gone');
  for (const name of names) await until(`${name} is stuck`, () => isStuck(place, name), 120_000);
  try {
    return way === 'ours' ? await byBackout(place, lane, names) : await byKubectl(place, way, names);
  } finally {
    for (const name of names) await place.api('DELETE', deployments(place, name), inBackground);
    const gone = async () => {
      const pods = await place.api('GET', `/api/v1/namespaces/${place.namespace}/pods`);
      return (pods.items ?? []).length === 0 || null;
    };
    await until(`${lane} is gone`, gone, 300_000);
  }
}

async function byBackout(place: RacePlace, lane: string, [first = '']: readonly string[]): Promise<number> {
  const release = await place.keyOf(
    'kubernetes.deployment',
    { namespace: place.namespace, deployment: first },
    '1.0.0',
  );
  const { approved, settled } = await (await place.ask(lane, release)).approve();
  return settled - approved;
}

async function byKubectl(place: RacePlace, way: Exclude<Way, 'ours'>, names: readonly string[]): Promise<number> {
  const kubectl = `"${place.program('kubectl')}" -n ${place.namespace}`;
  const all = names.map(name => `deployment/${name}`).join(' ');
  const undo = (what: string) => `${kubectl} rollout undo ${what} --to-revision=1`;
  const status = (what: string) => `${kubectl} rollout status ${what}`;
  const lines = {
    'in a loop': `for d in ${all}; do ${undo('$d')} || exit 1; done; for d in ${all}; do ${status('$d')} || exit 1; done`,
    'xargs -P': `printf '%s\\n' ${all} | xargs -P ${availableParallelism()} -I{} sh -c '${undo('{}')} && ${status('{}')}'`,
    'all at once': `${undo(all)} && ${status(all)}`,
  };
  const { t0, t3 } = await shell(place, lines[way]);
  return t3 - t0;
}
