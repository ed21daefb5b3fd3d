import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openApi } from '../test/cluster/api.ts';
import { readClusterEnvironment } from '../test/cluster/environment.ts';
import { findProgram, programs } from '../test/cluster/programs.ts';
import { joinCluster } from '../test/cluster/shared.ts';
import { startRedis } from '../test/fakes/redis.ts';
import type { SlackRig } from '../test/fakes/slack/rig.ts';
import { writeCatalogue } from './catalogue.ts';
import { countCommands } from './command-count.ts';
import type { Bench, Figure } from './figure.ts';
import { openWorkspace } from './hands.ts';
import { median, medianRange } from './measure.ts';
import { settingsFor, startProgram } from './program.ts';

const starts = 5;
const idleMs = 60_000;
/** Left alone for so long before the minute begins: what only starting costs is told by the ready time. */
const settleMs = 5_000;
/** Linux counts a process's time in hundredths of a second. */
const tickMs = 10;

const catalogueOf = (slack: SlackRig, steps: readonly string[], service: readonly string[] = []) =>
  writeCatalogue({
    asker: slack.user('mara'),
    approver: slack.user('jon'),
    steps,
    service,
    channel: slack.channel('ops'),
    targets: 3,
  });

/** What `backout start` costs while nothing happens: all roles, with and without a Kubernetes target. */
export const idle: Bench = {
  name: 'idle',
  async run(say) {
    const slack = await openWorkspace();
    try {
      const plain = await catalogueOf(slack, ['command: { argv: [/bin/true], idempotent: true }']);
      try {
        const ready: number[] = [];
        for (let start = 0; start < starts; start += 1) ready.push((await measure(slack, plain, 0)).readyMs);
        say('one minute of doing nothing');
        const found = await measure(slack, plain, idleMs);
        return [...figures(ready, found), await withKubernetes(slack, say)];
      } finally {
        await plain.remove();
      }
    } finally {
      await slack.close();
    }
  },
};

interface Idle {
  readonly readyMs: number;
  /** The most it held, in MB. */
  readonly rssMb: number;
  readonly cpuPercent: number;
  readonly commandsPerSecond: number;
}

function figures(ready: readonly number[], found: Idle): readonly Figure[] {
  const line = (what: string, ours: string, bar: string, met: boolean): Figure => {
    return { what: `idle: ${what}`, ours, rival: '', ratio: '', bar, met };
  };
  const { rssMb, cpuPercent, commandsPerSecond } = found;
  return [
    line(`start → /readyz 200, ${starts} starts`, medianRange(ready), '≤ 1.5 s', median(ready) <= 1_500),
    line('memory, all roles, 60 s', `${rssMb.toFixed(0)} MB RSS`, '≤ 180 MB', rssMb <= 180),
    line('processor', `${cpuPercent.toFixed(2)} %`, '< 1 %', cpuPercent < 1),
    line(
      'Redis commands as clients send them',
      `${commandsPerSecond.toFixed(1)} /s`,
      '≤ 10 /s',
      commandsPerSecond <= 10,
    ),
  ];
}

/** Starts the program and leaves it alone. */
async function measure(
  slack: SlackRig,
  folder: { readonly catalogue: string; readonly stateDir: string },
  forMs: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Idle> {
  const redis = await startRedis();
  const program = await startProgram({ ...(await settingsFor(redis.url, slack, folder)), ...more }).catch(
    async failure => {
      await redis.stop();
      throw failure;
    },
  );
  const commands = await countCommands(redis.url);
  try {
    if (forMs > 0) await delay(settleMs);
    const before = { sent: commands.sent(), cpuMs: cpuMs(program.pid) };
    let rssMb = rss(program.pid);
    for (const until = Date.now() + forMs; Date.now() < until; await delay(1_000)) {
      rssMb = Math.max(rssMb, rss(program.pid));
    }
    const seconds = forMs / 1000;
    return {
      readyMs: program.readyMs,
      rssMb,
      cpuPercent: (100 * (cpuMs(program.pid) - before.cpuMs)) / forMs,
      commandsPerSecond: (commands.sent() - before.sent) / seconds,
    };
  } finally {
    commands.close();
    await program.stop();
    await redis.stop();
  }
}

/** What a process holds in memory now, or the most it ever held (`VmHWM`), in MB. */
export function rss(pid: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const kb = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}

/** User and system time of all threads of a process, in ms. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** The same with a Deployment of a real cluster that is looked at all the time; says so where there is none. */
async function withKubernetes(slack: SlackRig, say: (progress: string) => void): Promise<Figure> {
  const line = { what: 'idle: memory with a Kubernetes target', rival: '', ratio: '', bar: '≤ 230 MB' };
  const environment = readClusterEnvironment();
  const built = environment.kubeconfig ?? programs.every(({ name }) => findProgram(name, environment));
  if (!built) return { ...line, ours: 'not measured: run npm run cluster:build', met: null };
  const kubeconfig = environment.kubeconfig ?? (await joinCluster(process.pid));
  const api = await openApi(readFileSync(kubeconfig, 'utf8'));
  await api('POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
  const target = 'target: { kubernetes: { namespace: default, deployment: backout-bench } }';
  const source = 'releases: { source: kubernetes.deployment }';
  const folder = await catalogueOf(slack, ['kubernetes.rollout-undo: {}'], [target, source]);
  try {
    say('one minute of doing nothing, beside a cluster');
    const { rssMb } = await measure(slack, folder, idleMs, { KUBECONFIG: kubeconfig });
    return { ...line, ours: `${rssMb.toFixed(0)} MB RSS`, met: rssMb <= 230 };
  } finally {
    await api('DELETE', '/apis/apps/v1/namespaces/default/deployments/backout-bench');
    await folder.remove();
  }
}

const labels = { app: 'backout-bench' };
const deployment = {
  metadata: { name: 'backout-bench' },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'app', image: 'app:1.0.0', imagePullPolicy: 'Never' }] },
    },
  },
};
