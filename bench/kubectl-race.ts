import { spawn } from 'node:child_process';
import type { Bench, Figure } from './figure.ts';
import { until } from './kill-place.ts';
import { median, medianRange, times } from './measure.ts';
import { isBuilt, openRacePlace, type RacePlace } from './race-place.ts';
import { type Watcher, watchDeployments } from './race-watch.ts';

/** What is raced: a bad release that never came up, or one that is up in full. */
interface Case {
  readonly name: 'H' | 'F';
  readonly bad: string;
  readonly rounds: number;
}

const cases: readonly Case[] = [
  { name: 'H', bad: 'app:gone', rounds: 21 },
  { name: 'F', bad: 'app:1.1.0', rounds: 11 },
];
const replicas = 3;

/** One way back: begun, the new template there, rolled out, and known to be so; epoch ms. */
interface Lap {
  readonly t0: number;
  readonly t1: number;
  readonly t2: number;
  readonly t3: number;
  readonly parts?: Readonly<Record<string, number>>;
}

/** One Deployment taken back, beside `kubectl rollout undo` and `rollout status` on its twin: who begins is drawn by lot. */
export const kubectlRace: Bench = {
  name: 'kubectl-race',
  async run(say) {
    if (!isBuilt()) return [{ ...blank, what: 'kubectl race', ours: 'not measured: run npm run cluster:build' }];
    const place = await openRacePlace();
    const watcher = await watchDeployments(place.kubeconfig, place.namespace);
    try {
      const lanes = cases.flatMap(({ name, rounds }) => Array.from({ length: rounds }, (_, at) => laneOf(name, at)));
      await place.publish(Object.fromEntries(lanes.map(lane => [lane, serviceOf(place.namespace, lane)])));
      say(await versions(place));
      const figures: Figure[] = [];
      for (const one of cases) figures.push(...(await race(place, watcher, one, say)));
      return figures;
    } finally {
      watcher.close();
      await place.close();
    }
  },
};

const blank: Omit<Figure, 'what' | 'ours'> = { rival: '', ratio: '', bar: '', met: null };

const laneOf = (name: string, round: number) => `${name.toLowerCase()}-${round}`;

/** A service that is one Deployment. */
export function serviceOf(namespace: string, deployment: string): object {
  return {
    target: { kubernetes: { namespace, deployment } },
    releases: { source: 'kubernetes.deployment' },
    runbooks: {
      back: {
        level: 3,
        steps: [{ 'kubernetes.rollout-undo': {} }],
        checks: [{ 'kubernetes.rollout': {}, title: 'Up' }],
      },
    },
  };
}

async function race(place: RacePlace, watcher: Watcher, one: Case, say: (words: string) => void): Promise<Figure[]> {
  const found: { readonly ours: Lap[]; readonly theirs: Lap[] } = { ours: [], theirs: [] };
  for (let round = 0; round < one.rounds; round += 1) {
    const lane = laneOf(one.name, round);
    const names = [lane, `${lane}-twin`] as const;
    await Promise.all(names.map(name => breakDown(place, watcher, name, one)));
    const run = {
      ours: async () => found.ours.push(await byBackout(place, watcher, lane)),
      theirs: async () => found.theirs.push(await byKubectl(place, watcher, `${lane}-twin`)),
    };
    const order = Math.random() < 0.5 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) await run[side]();
    await Promise.all(names.map(name => place.api('DELETE', deployments(place, name), inBackground)));
    const [ours, theirs] = [found.ours.at(-1), found.theirs.at(-1)];
    if (ours && theirs) say(`${one.name} ${round}: ours ${words(ours)}; kubectl ${words(theirs)}`);
  }
  return figuresOf(one, found.ours.slice(1), found.theirs.slice(1));
}

const words = ({ t0, t1, t2, t3, parts = {} }: Lap) =>
  `t1 ${t1 - t0}, t2 ${t2 - t0}, t3 ${t3 - t0}${Object.entries(parts)
    .map(([name, ms]) => `, ${name} ${ms}`)
    .join('')}`;

function figuresOf({ name }: Case, ours: readonly Lap[], theirs: readonly Lap[]): Figure[] {
  const whole = ({ t0, t3 }: Lap) => t3 - t0;
  const own = ({ t0, t1, t2, t3 }: Lap) => t1 - t0 + (t3 - t2);
  const line = (what: string, of: (lap: Lap) => number, bar: boolean): Figure => {
    const [a, b] = [ours.map(of), theirs.map(of)];
    const ratio = median(a) / median(b);
    return {
      what: `${name}, 1 Deployment, ${ours.length} rounds: ${what}`,
      ours: medianRange(a),
      rival: `kubectl ${medianRange(b)}`,
      ratio: times(ratio),
      bar: bar ? '≤ 1.0×' : '',
      met: bar ? ratio <= 1 : null,
    };
  };
  if (name === 'H') return [line('t3−t0', whole, true)];
  return [line('(t1−t0)+(t3−t2)', own, true), line('t3−t0', whole, false)];
}

/** The path of a Deployment, or of all. */
export function deployments({ namespace }: Pick<RacePlace, 'namespace'>, name?: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments${name ? `/${name}` : ''}`;
}

/** Deletes with everything that hangs on it. */
export const inBackground = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };

/** Makes a fresh Deployment that is up, and rolls the bad release out on it. */
async function breakDown(place: RacePlace, watcher: Watcher, name: string, { bad }: Case): Promise<void> {
  await place.api('POST', deployments(place), deploymentOf(name, replicas));
  await until(`${name} is up`, async () => watcher.isDone(name) || null);
  await setImage(place, name, bad);
  const before = watcher.generation(name);
  if (bad !== 'app:gone') {
    await until(
      `${name} is up again`,
      async () => ((before > 1 || watcher.generation(name) > 1) && watcher.isDone(name)) || null,
    );
  } else await until(`${name} is stuck`, () => isStuck(place, name));
}

/** A Deployment of the test's image. */
export function deploymentOf(name: string, count: number): object {
  const labels = { app: name };
  const container = { name: 'app', image: 'app:1.0.0', imagePullPolicy: 'Never' };
  return {
    metadata: { name },
    spec: {
      replicas: count,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } },
    },
  };
}

/** Deploys another image. */
export async function setImage(place: RacePlace, name: string, image: string): Promise<void> {
  const patch = { spec: { template: { spec: { containers: [{ name: 'app', image }] } } } };
  await place.api('PATCH', deployments(place, name), patch, 'application/strategic-merge-patch+json');
}

/** Whether a pod waits for an image that is not there. */
export async function isStuck(place: RacePlace, name: string): Promise<true | null> {
  const pods = await place.api('GET', `/api/v1/namespaces/${place.namespace}/pods?labelSelector=app%3D${name}`);
  return JSON.stringify(pods).includes('ErrImageNeverPull') || null;
}

async function byBackout(place: RacePlace, watcher: Watcher, name: string): Promise<Lap> {
  const input = { namespace: place.namespace, deployment: name };
  const release = await place.keyOf('kubernetes.deployment', input, '1.0.0');
  const asked = await place.ask(name, release);
  const before = watcher.generation(name);
  const { approved, settled, parts } = await asked.approve();
  const { begun, done } = await until(`${name} is back`, async () => watcher.passed(name, before));
  return { t0: approved, t1: begun, t2: done, t3: settled, parts };
}

async function byKubectl(place: RacePlace, watcher: Watcher, name: string): Promise<Lap> {
  const before = watcher.generation(name);
  const kubectl = `"${place.program('kubectl')}" -n ${place.namespace}`;
  const { t0, t3 } = await shell(
    place,
    `${kubectl} rollout undo deployment/${name} --to-revision=1 && ${kubectl} rollout status deployment/${name}`,
  );
  const { begun, done } = await until(`${name} is back`, async () => watcher.passed(name, before));
  return { t0, t1: begun, t2: done, t3 };
}

/** When a line began and ended, epoch ms, and what it wrote. */
interface Ran {
  readonly t0: number;
  readonly t3: number;
  readonly said: string;
}

/** What a person's terminal does: runs a line to its end; throws where it fails. */
export function shell(place: RacePlace, line: string): Promise<Ran> {
  const env = { PATH: '/usr/bin:/bin', HOME: place.folder, KUBECONFIG: place.kubeconfig };
  const t0 = Date.now();
  const child = spawn('/bin/sh', ['-c', line], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (part: unknown) => {
    said = `${said}${part}`.slice(-2_000);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => {
      const t3 = Date.now();
      if (code === 0) resolve({ t0, t3, said });
      else reject(new Error(`${line}: ${code} ${said}`));
    });
  });
}

/** Warms kubectl's cache of what the API server serves, and tells what races. */
export async function versions(place: RacePlace): Promise<string> {
  await shell(place, `"${place.program('kubectl')}" -n ${place.namespace} get deployments`);
  const { gitVersion } = await place.api('GET', '/version');
  return `Kubernetes and kubectl ${gitVersion}, Node ${process.version}`;
}
