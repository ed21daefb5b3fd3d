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
  const named = (place.kubeconfig ?? deps.kubeconfig ?? '').split(delimiter).filter(Boolean);
  let files: readonly OneFile[] = [];
  try {
    files = named.flatMap(path => readOne(Config, path) ?? []);
    if (files.length > 0) joinInto(config, files);
    else if (named.length > 0) throw new Error('ENOENT');
    else if (existsSync(tokenOfPod)) config.loadFromCluster();
    else throw new Error('neither KUBECONFIG nor a kubeconfig of the target is set');
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

/** A kubeconfig file, and what it holds by itself. */
interface OneFile {
  readonly path: string;
  readonly text: string;
  readonly config: KubeConfig;
}

/** Reads one file of those that KUBECONFIG names; null where it is not there or empty, which kubectl passes over. */
function readOne(Config: typeof KubeConfig, path: string): OneFile | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  if (text.trim() === '') return null;
  const config = new Config();
  config.loadFromString(text);
  config.makePathsAbsolute(dirname(path));
  return { path, text, config };
}

/** Joins files as kubectl does: of what several name, the first has it, and the first that chooses a context chooses it. */
function joinInto(config: KubeConfig, files: readonly OneFile[]): void {
  const firsts = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
    all.filter(({ name }, at) => all.findIndex(other => other.name === name) === at);
  config.clusters = firsts(files.flatMap(file => file.config.clusters));
  config.users = firsts(files.flatMap(file => file.config.users));
  config.contexts = firsts(files.flatMap(file => file.config.contexts));
  config.currentContext = files.map(file => file.config.currentContext).find(Boolean) ?? '';
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

function withCredentials(config: KubeConfig, files: readonly OneFile[], deps: KubeconfigDeps): Loaded {
  const user = config.getCurrentUser();
  const never = () => Number.POSITIVE_INFINITY;
  if (!user) return { config, renews: false, expires: never };
  const home = files.find(file => file.config.users.some(({ name }) => name === user.name));
  const replace = (own: User) => {
    config.users = config.users.map(one => (one.name === user.name ? own : one));
  };
  if (user.exec) {
    const plugin = createPlugin(atPlace(user.exec, home), config.getCurrentCluster(), deps.childEnvironment);
    replace(withoutExec(user));
    config.addAuthenticator(plugin);
    return { config, renews: true, expires: plugin.expires };
  }
  const tokenFile = tokenFileOf(user.name, home);
  if (tokenFile) replace({ ...user, token: readFileSync(tokenFile, 'utf8').trim() });
  return { config, renews: tokenFile !== null || user.authProvider !== undefined, expires: never };
}

/** A plugin's path that is relative is meant from where the file lies that names it. */
function atPlace(exec: unknown, file: OneFile | undefined): unknown {
  const known = z.looseObject({ command: z.string() }).safeParse(exec);
  if (!known.success || !file) return exec;
  const { command } = known.data;
  return command.includes('/') && !isAbsolute(command)
    ? { ...known.data, command: join(dirname(file.path), command) }
    : exec;
}

/** The client library knows `token-file` alone, kubectl writes and reads `tokenFile`. */
function tokenFileOf(name: string, file: OneFile | undefined): string | null {
  if (!file) return null;
  const path = users.parse(parse(file.text)).users?.find(one => one.name === name)?.user?.tokenFile;
  return path ? (isAbsolute(path) ? path : join(dirname(file.path), path)) : null;
}
