import { inspectRedis } from '../adapters/redis/inspect.ts';
import { type Environment, inheritedVariables } from '../config/env.ts';
import { checkSecrets } from '../config/secrets.ts';
import type { Catalogue, TargetSpec } from '../domain/catalogue.ts';
import type { Clock } from '../ports/clock.ts';
import type { Finding, NamedProbe, Probe } from '../ports/probe.ts';
import { clusterUses } from './cluster-rights.ts';
import { helmProbe, namedReleases } from './helm-probe.ts';
import type { SlackSide } from './slack.ts';
import type { Stores } from './stores.ts';

/** What `doctor` looks at. */
export interface ProbeParts {
  readonly env: Environment;
  readonly stores: Stores;
  readonly slack: SlackSide | null;
  readonly clock: Clock;
  /** Today's catalogue of this process. */
  readonly today: () => Catalogue | null;
  readonly socketTrouble: () => string | null;
}

function targetsOf(catalogue: Catalogue | null): readonly TargetSpec[] {
  return Object.values(catalogue?.services ?? {}).flatMap(service => Object.values(service.environments));
}

/** All of `doctor`: Redis, Slack, secrets, workers and, where this process may reach targets, their permissions. */
export function doctorProbes(parts: ProbeParts): readonly NamedProbe[] {
  const named = (subject: string, look: Probe): NamedProbe => ({ subject, look });
  const outside =
    parts.env.BACKOUT_ROLE === 'bot'
      ? [named('targets', elsewhereProbe(parts))]
      : [named('Kubernetes', kubernetesProbe(parts)), named('Helm', helmProbe(parts))];
  return [
    named('Redis', redisProbe(parts)),
    named('secrets', secretsProbe(parts)),
    named('workers', workersProbe(parts)),
    named('Slack', slackProbe(parts)),
    ...outside,
  ];
}

/** A bot reaches no target; it says so instead of nothing. */
function elsewhereProbe({ today }: Pick<ProbeParts, 'today'>): Probe {
  return async () => {
    const inClusters = clusterUses(today()).length + namedReleases(today()).length;
    if (inClusters === 0) return [];
    const message = 'are not looked at from here: this process is the bot, which has no rights at targets';
    const remedy =
      'run doctor where a worker runs; in Kubernetes: kubectl exec deploy/backout-worker -- node /opt/backout/bin/backout.mjs doctor';
    return [{ subject: 'targets', state: 'warning', message, remedy }];
  };
}

function redisProbe({ env, stores }: ProbeParts): Probe {
  return async () => {
    const inspection = await inspectRedis(stores.connection).catch(() => null);
    if (inspection) return inspection.findings;
    const remedy =
      env.REDIS_URL === null ? 'run `backout start`, which starts its own Redis' : 'look at REDIS_URL and its server';
    return [{ subject: 'Redis', state: 'broken', message: 'does not answer', remedy }];
  };
}

function slackProbe({ slack, today, socketTrouble }: ProbeParts): Probe {
  return async context => {
    if (!slack) {
      const remedy = 'set SLACK_BOT_TOKEN, and SLACK_SIGNING_SECRET or SLACK_APP_TOKEN';
      return [{ subject: 'Slack', state: 'warning', message: 'no token is set: only the command line works', remedy }];
    }
    const { createSlackProbe } = await import('../adapters/slack/probe.ts');
    const channels = async () => [
      ...new Set([today()?.opsChannel ?? '', ...targetsOf(today()).map(one => one.channel)]),
    ];
    const named = async () => (await channels()).filter(Boolean);
    return createSlackProbe({ client: slack.clients.interactive, channels: named, socketTrouble })(context);
  };
}

function secretsProbe({ today }: ProbeParts): Probe {
  return async () => {
    const catalogue = today();
    const found = catalogue ? await checkSecrets(catalogue) : [];
    return found.map(({ state, message }): Finding => {
      return { subject: 'secret', state: state === 'missing' ? 'broken' : 'warning', message, remedy: null };
    });
  };
}

/** Which workers live, and which ones targets wait for in vain. */
function workersProbe({ stores, today }: ProbeParts): Probe {
  return async () => {
    const alive = await stores.runs.workers().catch(() => null);
    if (alive === null) return [];
    const wanted = new Set(targetsOf(today()).flatMap(({ runsOn }) => (runsOn === null ? [] : [runsOn])));
    const found = [...alive].map(
      (name): Finding => ({ subject: `worker ${name}`, state: 'ok', message: 'is running', remedy: null }),
    );
    const absent = [...wanted].filter(name => !alive.includes(name));
    const missing = absent.map((name): Finding => {
      const remedy = `start Backout with BACKOUT_WORKER_NAME=${name} on the host where these targets live`;
      return { subject: `worker ${name}`, state: 'broken', message: 'is not running, and targets need it', remedy };
    });
    const none: Finding = {
      subject: 'workers',
      state: 'broken',
      message: 'none is running',
      remedy: 'start `backout start`',
    };
    return alive.length === 0 && absent.length === 0 ? [none] : [...found, ...missing];
  };
}

function kubernetesProbe({ env, clock, today }: ProbeParts): Probe {
  return async context => {
    const uses = clusterUses(today());
    if (uses.length === 0) return [];
    const { createKubernetesProbe } = await import('../adapters/kubernetes/doctor.ts');
    const deps = { kubeconfig: env.KUBECONFIG, childEnvironment: inheritedVariables(), clock };
    return createKubernetesProbe(deps, uses)(context);
  };
}
