import { delimiter } from 'node:path';
import { hideSecretsInText } from '../../domain/hide.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ProcessResult } from '../../ports/processes.ts';
import type { Rollback } from './body.ts';
import type { HelmDeps, Place } from './input.ts';

type HelmSettings = Pick<HelmDeps, 'kubeconfig' | 'stateDir' | 'clusterVariables'>;

/** Asking a program for its version takes well under a second. */
const versionMs = 15_000;

/**
 * The whole environment of helm: nothing of ours, and no configuration, plugin or repository of the account it runs as. An empty kubeconfig
 * with the address of the pod's API server makes it take the pod's own identity, as we do.
 */
export function helmEnvironment(
  { kubeconfig: inherited, stateDir, clusterVariables }: HelmSettings,
  { kubeconfig }: Pick<Place, 'kubeconfig'>,
): Record<string, string> {
  const files = (kubeconfig ?? inherited ?? '').split(delimiter).filter(Boolean);
  return {
    ...(files.length > 0 ? { KUBECONFIG: files.join(delimiter) } : { KUBECONFIG: '/dev/null', ...clusterVariables }),
    HELM_DRIVER: 'secret',
    HELM_CACHE_HOME: `${stateDir}/helm/cache`,
    HELM_CONFIG_HOME: `${stateDir}/helm/config`,
    HELM_DATA_HOME: `${stateDir}/helm/data`,
    HELM_PLUGINS: `${stateDir}/helm/plugins`,
  };
}

/** Refuses a helm that is not there; before anything else is asked. */
export function requireBinary({ processes }: Pick<HelmDeps, 'processes'>, binary: string): void {
  if (processes.find(binary)) return;
  throw new Refusal(reason('plan-failed', {}, `${binary}: no such program`));
}

/** Which major version a helm program is. Throws `Refusal` where it is neither 3 nor 4. */
export async function majorOf(
  deps: Pick<HelmDeps, 'processes'> & HelmSettings,
  binary: string,
  signal: AbortSignal,
): Promise<3 | 4> {
  const run = await deps.processes.run({
    argv: [binary, 'version', '--template', '{{.Version}}'],
    env: helmEnvironment(deps, { kubeconfig: null }),
    timeoutMs: versionMs,
    signal,
  });
  const major = /^v([34])\./.exec(run.stdout.trim())?.[1];
  if (run.exitCode === 0 && major) return major === '3' ? 3 : 4;
  const said = run.exitCode === 0 ? `it calls itself ${run.stdout.trim().slice(0, 40)}` : lastLines(run);
  throw new Refusal(reason('plan-failed', {}, `${binary} is no Helm 3 or 4: ${said}`));
}

/** The command that rolls back: always to a named revision; nothing is pruned from the history, the next upgrade does that. */
export function rollbackArgv(body: Rollback, description: string | null): readonly [string, ...string[]] {
  const four = body.major === 4;
  return [
    body.binary,
    'rollback',
    body.release,
    String(body.to.number),
    '--namespace',
    body.namespace,
    ...(body.context ? ['--kube-context', body.context] : []),
    '--wait',
    '--timeout',
    `${body.timeoutSeconds}s`,
    '--history-max',
    '0',
    ...(body.waitForJobs ? ['--wait-for-jobs'] : []),
    ...(body.cleanupOnFail ? ['--cleanup-on-fail'] : []),
    ...(body.hooks ? [] : ['--no-hooks']),
    // Helm 4 replaces nothing that it applies server-side.
    ...(body.force ? (four ? ['--force-replace', '--server-side=false'] : ['--force']) : []),
    ...(four && body.forceConflicts ? ['--force-conflicts'] : []),
    ...(four && description !== null ? ['--description', description] : []),
  ];
}

/** The last lines that helm said, without what looks like a secret. */
export function lastLines({ stderr, stdout }: Pick<ProcessResult, 'stderr' | 'stdout'>): string {
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-6).join('\n');
  return hideSecretsInText(said).slice(-1_000);
}
