import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { KubeConfig, User } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import { createPlugin, withoutExec } from './exec-plugin.ts';
import type { KubernetesDeps, Place } from './input.ts';

/** What kubeconfigs are read with. */
export type KubeconfigDeps = Pick<KubernetesDeps, 'kubeconfig' | 'childEnvironment'>;

/** A context of a kubeconfig. */
export interface Loaded {
  readonly config: KubeConfig;
  /** Whether its credentials are made anew elsewhere (a plugin, a token file), so that reading them again may help. */
  readonly renews: boolean;
  /** When they end, epoch ms; never where nobody says. */
  expires(): number;
}

const tokenOfPod = '/var/run/secrets/kubernetes.io/serviceaccount/token';

const users = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().nullish() }).nullish() }))
    .nullish(),
});

/** Reads the kubeconfig of a target, of the process or of the pod that we are in, and chooses the context. Throws a refusal. */
export async function loadKubeconfig(
  place: Pick<Place, 'context' | 'kubeconfig'>,
  deps: KubeconfigDeps,
): Promise<Loaded> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  const files = (place.kubeconfig ?? deps.kubeconfig ?? '').split(delimiter).filter(Boolean);
  try {
    const [first, ...more] = files;
    if (first) config.loadFromFile(first);
    else if (existsSync(tokenOfPod)) config.loadFromCluster();
    else throw new Error('neither KUBECONFIG nor a kubeconfig of the target is set');
    for (const file of more) {
      const further = new Config();
      further.loadFromFile(file);
      config.mergeConfig(further, true);
    }
    if (place.context) config.setCurrentContext(place.context);
  } catch (error) {
    throw unusable(error);
  }
  if (!config.getCurrentCluster()) {
    const wanted = place.context ? `context ${place.context}` : 'current context';
    throw new Refusal(reason('target-unreachable', { what: 'Kubernetes' }, `the kubeconfig has no ${wanted}`));
  }
  try {
    return withCredentials(config, files, deps);
  } catch (error) {
    throw unusable(error);
  }
}

/** Only the first line, or the code: a parser's excerpt may hold a token. */
function unusable(error: unknown): Refusal {
  const said = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  const detail = `no usable kubeconfig: ${said.split('\n')[0]}`;
  return new Refusal(reason('target-unreachable', { what: 'Kubernetes' }, detail));
}

/** An error's words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

function withCredentials(config: KubeConfig, files: readonly string[], deps: KubeconfigDeps): Loaded {
  const user = config.getCurrentUser();
  const never = () => Number.POSITIVE_INFINITY;
  if (!user) return { config, renews: false, expires: never };
  const replace = (own: User) => {
    config.users = config.users.map(one => (one.name === user.name ? own : one));
  };
  if (user.exec) {
    const plugin = createPlugin(atPlace(user.exec, files), config.getCurrentCluster(), deps.childEnvironment);
    replace(withoutExec(user));
    config.addAuthenticator(plugin);
    return { config, renews: true, expires: plugin.expires };
  }
  const tokenFile = tokenFileOf(user.name, files);
  if (tokenFile) replace({ ...user, token: readFileSync(tokenFile, 'utf8').trim() });
  return { config, renews: tokenFile !== null || user.authProvider !== undefined, expires: never };
}

/** A plugin's path that is relative is meant from where the kubeconfig lies. */
function atPlace(exec: unknown, [file]: readonly string[]): unknown {
  const known = z.looseObject({ command: z.string() }).safeParse(exec);
  if (!known.success || !file) return exec;
  const { command } = known.data;
  return command.includes('/') && !isAbsolute(command)
    ? { ...known.data, command: join(dirname(file), command) }
    : exec;
}

/** The client library knows `token-file` alone, kubectl writes and reads `tokenFile`. */
function tokenFileOf(name: string, files: readonly string[]): string | null {
  for (const file of files) {
    const found = users.parse(parse(readFileSync(file, 'utf8'))).users?.find(one => one.name === name);
    if (!found) continue;
    const path = found.user?.tokenFile;
    return path ? (isAbsolute(path) ? path : join(dirname(file), path)) : null;
  }
  return null;
}
