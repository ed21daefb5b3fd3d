import { z } from 'zod';
import { nearest } from './nearest.ts';

const text = z.string().trim().min(1);
const optional = text.nullable().default(null);
const token = (prefix: string) =>
  text
    .refine(value => value.startsWith(prefix), `should begin with \`${prefix}\``)
    .nullable()
    .default(null);
const url = (protocols: string) =>
  text
    .refine(value => URL.canParse(value) && new RegExp(`^(${protocols}):$`).test(new URL(value).protocol), {
      error: `should be a URL that begins with ${protocols.split('|').join('://, ')}://`,
    })
    .nullable()
    .default(null);

/** Every variable Backout reads, in the order of `.env.example`. */
const schema = z.object({
  SLACK_BOT_TOKEN: token('xoxb-'),
  SLACK_SIGNING_SECRET: optional,
  SLACK_APP_TOKEN: token('xapp-'),
  SLACK_API_URL: url('https|http'),
  REDIS_URL: url('redis|rediss|unix'),
  HOST: text.default('127.0.0.1'),
  PORT: z.coerce
    .number({ error: 'should be a port, 0 to 65535' })
    .int('should be a port, 0 to 65535')
    .min(0, 'should be a port, 0 to 65535')
    .max(65_535, 'should be a port, 0 to 65535')
    .default(3000),
  BACKOUT_CATALOG: text.default('./backout.yaml'),
  BACKOUT_ROLE: z.enum(['all', 'bot', 'worker']).default('all'),
  BACKOUT_WORKER_NAME: text
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/i, 'should be letters, digits, `.` and `-`')
    .default('worker'),
  BACKOUT_STATE_DIR: text.default('./.backout'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  KUBECONFIG: optional,
});

/** What the environment says, with the defaults filled in; frozen. */
export type Environment = Readonly<z.output<typeof schema>>;

/** The names of all variables, in the order of `.env.example`. */
export const variableNames = Object.keys(schema.shape) as readonly (keyof Environment)[];

/** Reads the environment: all problems at once, one sentence each, or a frozen object. An empty variable counts as unset. */
export function readEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): { readonly ok: true; readonly env: Environment } | { readonly ok: false; readonly problems: readonly string[] } {
  const given: Record<string, string> = {};
  for (const name of variableNames) {
    const value = source[name];
    if (value?.trim()) given[name] = value;
  }
  const read = schema.safeParse(given);
  if (!read.success) return { ok: false, problems: read.error.issues.map(issue => sentence(issue, given)) };
  return { ok: true, env: Object.freeze(read.data) };
}

function sentence(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  if (issue.code !== 'invalid_value') return `${name} ${issue.message}`;
  const allowed = issue.values.map(String);
  const near = nearest(given[name] ?? '', allowed);
  return `${name} should be one of ${allowed.join(', ')}${near ? `; did you mean \`${near}\`?` : ''}`;
}

/** Reads one variable by the name a secret reference gives; undefined where it is unset or empty. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** The parts of the environment that a child process may inherit: where programs, the home folder and the language lie. */
export function inheritedVariables(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['PATH', 'HOME', 'LANG'].flatMap(name => (process.env[name] ? [[name, process.env[name] as string]] : [])),
  );
}

/** The variables by which a program in a pod finds the API server of its cluster; empty outside of one. */
export function clusterVariables(
  source: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT'].flatMap(name =>
      source[name] ? [[name, source[name]]] : [],
    ),
  );
}

/** Adds the variables of a `.env` file to the environment; those already set win. False where there is no such file. */
export function loadEnvFile(path: string): boolean {
  try {
    process.loadEnvFile(path);
    return true;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw failure;
  }
}
