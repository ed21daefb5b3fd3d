import { execFile } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import { z } from 'zod';

const run = promisify(execFile);

/** How long a plugin may take, in ms: some ask a cloud, none may ask a person. */
const limitMs = 20_000;

const pluginSchema = z.object({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  provideClusterInfo: z.boolean().nullish(),
});

const credentialSchema = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});
type Credential = z.infer<typeof credentialSchema>['status'];

/** The name under which a user's plugin is kept from the client library's own runner, which hands all our environment on. */
const provider = 'backout-exec';

/** Takes an exec plugin out of a user's entry; its credential comes from `createPlugin` then. */
export function withoutExec(user: User): User {
  const { exec, ...rest } = user;
  return { ...rest, authProvider: { name: provider, config: {} } };
}

/** What the client library asks for the credentials of a user. */
type Authenticator = Parameters<KubeConfig['addAuthenticator']>[0];

/** A plugin's credential, asked for once and kept until it expires. */
export interface ExecPlugin extends Authenticator {
  /** When the credential ends, epoch ms; never where the plugin does not say. */
  expires(): number;
}

/**
 * Runs a kubeconfig's exec plugin as kubectl does, with PATH, HOME and what the kubeconfig sets as its whole environment. Its words on
 * standard error are quoted in errors, its credential nowhere.
 */
export function createPlugin(
  exec: unknown,
  cluster: Cluster | null,
  inherited: Readonly<Record<string, string>>,
): ExecPlugin {
  let expires = Number.POSITIVE_INFINITY;
  let asked: Promise<Credential> | null = null;
  const ask = async (): Promise<Credential> => {
    const plugin = pluginSchema.parse(exec);
    const own = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]));
    const env = { ...inherited, ...own, KUBERNETES_EXEC_INFO: infoFor(plugin, cluster) };
    const { stdout } = await run(plugin.command, plugin.args ?? [], {
      env,
      timeout: limitMs,
      killSignal: 'SIGKILL',
    }).catch(error => {
      throw new Error(sentenceOf(basename(plugin.command), error));
    });
    const { status } = credentialOf(basename(plugin.command), stdout);
    if (status.expirationTimestamp) expires = Date.parse(status.expirationTimestamp);
    return status;
  };
  const credential = () => {
    asked ??= ask();
    asked.catch(() => {
      asked = null;
    });
    return asked;
  };
  return {
    isAuthProvider: user => user.authProvider?.name === provider,
    applyAuthentication: async (_user, options: RequestOptions) => {
      const { token, clientCertificateData, clientKeyData } = await credential();
      if (clientCertificateData) options.cert = clientCertificateData;
      if (clientKeyData) options.key = clientKeyData;
      if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
    },
    expires: () => expires,
  };
}

function infoFor({ apiVersion, provideClusterInfo }: z.infer<typeof pluginSchema>, cluster: Cluster | null): string {
  const known = {
    server: cluster?.server,
    'tls-server-name': cluster?.tlsServerName,
    'insecure-skip-tls-verify': cluster?.skipTLSVerify,
    'certificate-authority-data': cluster?.caData,
    'proxy-url': cluster?.proxyUrl,
  };
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster: known } : {}) };
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, spec });
}

function sentenceOf(command: string, error: unknown): string {
  const told = error as { readonly code?: unknown; readonly killed?: boolean; readonly stderr?: string };
  if (told.killed) return `the plugin ${command} did not answer within ${limitMs / 1000} s`;
  const said = told.stderr?.trim().split('\n')[0] ?? '';
  return `the plugin ${command} failed (${String(told.code)})${said ? `: ${said}` : ''}`;
}

function credentialOf(command: string, text: string): z.infer<typeof credentialSchema> {
  try {
    return credentialSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`the plugin ${command} answered no ExecCredential`);
  }
}
