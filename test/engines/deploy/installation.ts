import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { chart } from '../../../deploy/render.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { freePorts } from '../../cluster/ports.ts';
import { requireProgram } from '../../cluster/programs.ts';
import type { TestCluster } from '../../cluster/suite.ts';
import { startDocker } from './docker.ts';
import { buildImage, image, writeBeside } from './image.ts';
import { helmOf } from './template.ts';

const run = promisify(execFile);

/** What the installed worker may act with in the namespace of its target. */
export const kinds = ['kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.rollout'] as const;

/** The first person and the first channel of every emulated workspace. */
const catalogue = (target: string) => `channels: { ops: C000000001 }
people: { admin: { slack: U000000001 } }
roles: { operators: [admin] }
permissions: { default: [operators] }
approvals: [{ name: one, seats: { operators: 1 }, requester: allowed }]
services:
  shop:
    environments: { production: { mode: act } }
    target: { kubernetes: { namespace: ${target}, deployment: shop } }
    releases: { source: { kubernetes.deployment: {} } }
    runbooks:
      back:
        level: 3
        steps: [{ kubernetes.rollout-undo: {} }]
        checks: [{ kubernetes.rollout: {} }]
`;

/** Bot and worker as pods of a release of the chart. */
export interface Installation {
  readonly namespace: string;
  /** What somebody does in the emulated Slack: `command?text=…`, `click?action=…`, `messages`. */
  slack(what: string): Promise<unknown>;
  /** Runs a command in a container of the bot's or worker's pod; answers what it said, whether it failed or not. */
  exec(part: 'bot' | 'worker', argv: readonly string[]): Promise<string>;
  /** What the containers have said. */
  logs(part: 'bot' | 'worker'): Promise<string>;
  remove(): Promise<void>;
}

const sidecar = { image, imagePullPolicy: 'Never', securityContext: { readOnlyRootFilesystem: true } };
const temporary = { name: 'tmp', mountPath: '/tmp' };
const beside = { name: 'beside', mountPath: '/beside', readOnly: true };

/** Values that only this suite needs: the host's network, images that are there already, Redis and Slack in the bot's pod. */
function values(target: string, server: URL, ports: readonly number[], folder: string): object {
  const [port = 0, redisPort = 0, slackPort = 0, controlPort = 0] = ports;
  const settings = { SLACK_PORT: slackPort, CONTROL_PORT: controlPort, BOT_URL: `http://127.0.0.1:${port}` };
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
  const redis = [
    '/beside/redis/redis-server',
    '--bind',
    '127.0.0.1',
    '--port',
    String(redisPort),
    '--dir',
    '/data',
    ...durable,
  ];
  const [repository = '', tag = ''] = image.split(':');
  return {
    image: { repository, tag, pullPolicy: 'Never' },
    catalogue: catalogue(target),
    redis: { url: `redis://127.0.0.1:${redisPort}` },
    slack: { existingSecret: 'slack', apiUrl: `http://127.0.0.1:${slackPort}/api/` },
    targets: [{ namespace: target, workloads: ['Deployment'], kinds }],
    hostNetwork: true,
    apiServer: { host: server.hostname, port: server.port },
    worker: { replicas: 1 },
    bot: {
      replicas: 1,
      port,
      host: '127.0.0.1',
      extraVolumes: [
        { name: 'data', emptyDir: {} },
        { name: beside.name, hostPath: { path: folder } },
      ],
      extraContainers: [
        {
          ...sidecar,
          name: 'redis',
          command: redis,
          volumeMounts: [beside, { name: 'data', mountPath: '/data' }],
          env: [{ name: 'LD_LIBRARY_PATH', value: '/beside/redis/lib' }],
        },
        {
          ...sidecar,
          name: 'slack',
          command: ['node', '/beside/slack/test/engines/deploy/slack-sidecar.ts'],
          volumeMounts: [beside, temporary],
          env: Object.entries(settings).map(([name, value]) => ({ name, value: String(value) })),
        },
      ],
    },
  };
}

/** Builds the image, hands it to the cluster and installs the chart there. */
export async function install(cluster: TestCluster, target: string, server: URL): Promise<Installation> {
  const environment = readClusterEnvironment();
  const state = dirname(cluster.kubeconfigPath);
  const docker = await startDocker(state, environment.cache);
  try {
    await buildImage(docker, environment.cache);
    await docker.load(image, state);
  } finally {
    await docker.stop();
  }
  const folder = join(await cluster.folder('beside'), 'files');
  await writeBeside(folder);
  const namespace = await cluster.namespace();
  const stringData = { SLACK_BOT_TOKEN: 'xoxb-rig-bot', SLACK_SIGNING_SECRET: 'rig-signing-secret' };
  await cluster.api('POST', `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: 'slack' }, stringData });
  const ports = await freePorts(4);
  const env = { PATH: '/usr/bin:/bin', HOME: state, KUBECONFIG: cluster.kubeconfigPath };
  const helm = helmOf('helm4');
  const installing = run(
    helm,
    ['install', 'backout', chart, '-n', namespace, '--values', '-', '--wait', '--timeout', '3m'],
    { env },
  );
  installing.child.stdin?.end(JSON.stringify(values(target, server, ports, folder)));
  const kubectl = async (argv: readonly string[]): Promise<string> => {
    const program = requireProgram('kubectl', environment);
    const ran = await run(program, ['-n', namespace, ...argv], { env, timeout: 30_000 }).catch(failure => failure);
    return `${ran.stdout}${ran.stderr}`;
  };
  try {
    await installing;
  } catch (failure) {
    const told = [
      'get pods',
      'describe pods',
      'logs deploy/backout-bot --all-containers --tail 40',
      'logs deploy/backout-worker --tail 40',
    ];
    const said = await Promise.all(told.map(words => kubectl(words.split(' '))));
    throw new Error([String(failure), ...said].join('\n'));
  }
  return {
    namespace,
    slack: async what => {
      const answer = await fetch(`http://127.0.0.1:${ports[3]}/${what}`, { signal: AbortSignal.timeout(15_000) });
      return JSON.parse(await answer.text());
    },
    exec: (part, argv) => kubectl(['exec', `deploy/backout-${part}`, '-c', part, '--', ...argv]),
    logs: part => kubectl(['logs', `deploy/backout-${part}`, '-c', part]),
    remove: async () => {
      await run(helm, ['uninstall', 'backout', '-n', namespace, '--wait', '--timeout', '1m'], { env });
    },
  };
}
