import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rulesOf } from '../src/domain/cluster-rights.ts';
import { clusterRights } from '../src/main/cluster-rights.ts';
import { readClusterEnvironment } from '../test/cluster/environment.ts';
import { type FurtherPlane, openFurtherPlane } from '../test/cluster/further-planes.ts';
import { findProgram, programs } from '../test/cluster/programs.ts';
import { joinBeside } from '../test/cluster/shared.ts';
import { startRedis } from '../test/fakes/redis.ts';
import type { SlackRig } from '../test/fakes/slack/rig.ts';
import type { Bench, Figure } from './figure.ts';
import { openWorkspace } from './hands.ts';
import { cpuMs, rss } from './idle.ts';
import { until } from './kill-place.ts';
import { settingsFor, startProgram } from './program.ts';

const count = Number(process.env.BACKOUT_BENCH_WATCHED || 1_000);
const namespaceCount = 10;
/** How long nothing may be asked of the API server but watches, in s. */
const idleSeconds = Number(process.env.BACKOUT_BENCH_IDLE_SECONDS || 300);
/** Left alone for so long before that: every target has been looked at more than once then. */
const settleSeconds = 60;
/** Requests on their way at the same time while the Deployments are made. */
const atOnce = 16;
const barMb = 250;

/** What a whole Backout costs, and what it asks of the API server, while it watches many Deployments in which nothing happens. */
export const watched: Bench = {
  name: 'watched',
  async run(say) {
    const what = `watched: ${count} Deployments, 3 ReplicaSets and 1 pending pod each`;
    const environment = readClusterEnvironment();
    const built = programs.every(({ name }) => findProgram(name, environment));
    const blank = { what, rival: '', ratio: '', bar: '', met: null };
    if (!built) return [{ ...blank, ours: 'not measured: run npm run cluster:build' }];
    const plane = await openFurtherPlane(await joinBeside(process.pid), 'watched', environment, true);
    const slack = await openWorkspace();
    const folder = await mkdtemp(join(tmpdir(), 'backout-watched-'));
    try {
      say(`making ${count} Deployments`);
      const namespaces = await Promise.all(Array.from({ length: namespaceCount }, () => plane.namespace()));
      const places = Array.from({ length: count }, (_, at) => ({ name: `app-${at}`, namespace: at % namespaceCount }));
      const all = places.map(({ name, namespace }) => ({ name, namespace: namespaces[namespace] ?? '' }));
      await makeAll(plane, all);
      await writeFile(join(folder, 'backout.yaml'), catalogueText(slack, all));
      await writeFile(join(folder, 'kubeconfig'), await accountFor(plane, namespaces[0] ?? ''), { mode: 0o600 });
      return figures(what, await measure(plane, slack, folder, say));
    } finally {
      await slack.close();
      await plane.cleanUp();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Place {
  readonly namespace: string;
  readonly name: string;
}

const rights = clusterRights['kubernetes.deployment']?.rights ?? [];

/** Backout's own user: the rights of the release source, in every namespace. */
function accountFor(plane: FurtherPlane, namespace: string): Promise<string> {
  return plane.account(namespace, [], undefined, rulesOf(rights));
}

const templateOf = (name: string, version: number) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: [
      {
        name: 'app',
        image: `registry.example.com/shop/${name}:1.${version}.0`,
        env: Array.from({ length: 12 }, (_, at) => ({ name: `SETTING_${at}`, value: `value ${at} of ${name}` })),
        ports: [{ containerPort: 8080 }],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 5 },
      },
    ],
  },
});

/** Two ReplicaSets of before are made by hand; the third and its pod by the controllers. */
async function makeAll({ api }: FurtherPlane, places: readonly Place[]): Promise<void> {
  const waiting = [...places];
  const work = async () => {
    for (let place = waiting.pop(); place; place = waiting.pop()) await makeOne(api, place);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const namespaces = [...new Set(places.map(({ namespace }) => namespace))];
  await until(
    'a pod of each Deployment',
    async () => {
      let pods = 0;
      for (const namespace of namespaces) {
        const { items } = await api('GET', `/api/v1/namespaces/${namespace}/pods`);
        pods += [...(items ?? [])].length;
      }
      return pods >= places.length ? true : null;
    },
    300_000,
  );
}

async function makeOne(api: FurtherPlane['api'], { namespace, name }: Place): Promise<void> {
  const selector = { matchLabels: { app: name } };
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const spec = { replicas: 1, selector, template: templateOf(name, 3) };
  const { metadata } = await api('POST', `${apps}/deployments`, { metadata: { name }, spec });
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: metadata?.uid, controller: true };
  for (const version of [1, 2]) {
    const hash = `old${version}`;
    const template = templateOf(name, version);
    const labels = { app: name, 'pod-template-hash': hash };
    await api('POST', `${apps}/replicasets`, {
      metadata: {
        name: `${name}-${hash}`,
        labels,
        annotations: { 'deployment.kubernetes.io/revision': String(version) },
        ownerReferences: [owner],
      },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
    });
  }
}

function catalogueText(slack: SlackRig, places: readonly Place[]): string {
  return [
    `channels: { ops: ${slack.channel('ops')} }`,
    'people:',
    `  mara: { slack: ${slack.user('mara')} }`,
    `  jon: { slack: ${slack.user('jon')} }`,
    'roles: { oncall: [jon], everybody: [mara, jon] }',
    'permissions: { default: [everybody] }',
    'approvals:',
    '  - { name: standard, seats: { oncall: 1 }, within: 10m }',
    'defaults:',
    '  channel: ops',
    '  mode: observe',
    '  releases: { source: kubernetes.deployment }',
    '  runbooks: { back: { level: 3, steps: [{ kubernetes.rollout-undo: {} }], checks: [{ kubernetes.rollout: {} }] } }',
    'services:',
    ...places.flatMap(({ namespace, name }) => [
      `  ${name}:`,
      `    environments: { live: { target: { kubernetes: { namespace: ${namespace}, deployment: ${name} } } } }`,
    ]),
    '',
  ].join('\n');
}

interface Found {
  /** The most it held while nothing happened and since its start, in MB. */
  readonly rssMb: number;
  readonly peakMb: number;
  readonly cpuPercent: number;
  /** Requests of Backout's user in the idle time: verb and kind → how many. */
  readonly asked: ReadonlyMap<string, number>;
  /** How many collections are watched. */
  readonly watches: number;
}

async function measure(
  plane: FurtherPlane,
  slack: SlackRig,
  folder: string,
  say: (progress: string) => void,
): Promise<Found> {
  const redis = await startRedis();
  const place = { catalogue: join(folder, 'backout.yaml'), stateDir: join(folder, 'state') };
  const settings = { ...(await settingsFor(redis.url, slack, place)), KUBECONFIG: join(folder, 'kubeconfig') };
  const program = await startProgram(settings).catch(async failure => {
    await redis.stop();
    throw failure;
  });
  try {
    say(`${settleSeconds} s to look at everything, then ${idleSeconds} s of doing nothing`);
    await delay(settleSeconds * 1000);
    const from = Date.now();
    let rssMb = rss(program.pid);
    const cpuBefore = cpuMs(program.pid);
    for (const end = from + idleSeconds * 1000; Date.now() < end; await delay(1_000)) {
      rssMb = Math.max(rssMb, rss(program.pid));
    }
    const cpuPercent = (100 * (cpuMs(program.pid) - cpuBefore)) / (Date.now() - from);
    const events = eventsOf(plane.auditLog());
    const asked = new Map<string, number>();
    for (const { verb, resource, at } of events) {
      if (at >= from) asked.set(`${verb} ${resource}`, (asked.get(`${verb} ${resource}`) ?? 0) + 1);
    }
    const watches = new Set(events.filter(({ verb }) => verb === 'watch').map(({ scope }) => scope)).size;
    return { rssMb, peakMb: rss(program.pid, 'VmHWM'), cpuPercent, asked, watches };
  } finally {
    await program.stop();
    await redis.stop();
  }
}

interface AuditEvent {
  readonly verb: string;
  readonly resource: string;
  /** Kind and namespace. */
  readonly scope: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Reads the audit; a watch is told when it begins and when it ends. */
function eventsOf(log: string): AuditEvent[] {
  const lines = log.split('\n').filter(Boolean);
  return lines.map(line => {
    const { verb, objectRef = {}, stageTimestamp } = JSON.parse(line);
    const { resource = 'nothing', namespace = '' } = objectRef;
    return { verb, resource, scope: `${namespace} ${resource}`, at: Date.parse(stageTimestamp) };
  });
}

function figures(what: string, { rssMb, peakMb, cpuPercent, asked, watches }: Found): readonly Figure[] {
  const line = (of: string, ours: string, bar = '', met: boolean | null = null): Figure => {
    return { what: of, ours, rival: '', ratio: '', bar, met };
  };
  const others = [...asked].filter(([name]) => !name.startsWith('watch '));
  const told = others.map(([name, times]) => `${times} × ${name}`).join(', ');
  return [
    line(what, `${rssMb.toFixed(0)} MB RSS`, `≤ ${barMb} MB`, rssMb <= barMb),
    line('watched: the most it ever held', `${peakMb.toFixed(0)} MB RSS`),
    line('watched: processor', `${cpuPercent.toFixed(1)} %`),
    line(
      `watched: requests but watches in ${idleSeconds} s (audit log, ${watches} watches)`,
      told || 'none',
      'none',
      others.length === 0 && watches > 0,
    ),
  ];
}
