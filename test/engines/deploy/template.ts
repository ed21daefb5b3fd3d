import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { chart } from '../../../deploy/render.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { requireProgram } from '../../cluster/programs.ts';

/** A pod of the chart, as far as the suite looks at it. */
interface Pod {
  readonly securityContext?: object;
  readonly automountServiceAccountToken?: boolean;
  readonly containers: readonly { readonly name: string; readonly securityContext?: object }[];
  readonly volumes: readonly { readonly name: string; readonly emptyDir?: object }[];
}

/** An object of the chart, as far as the suite looks at it. */
export interface Made {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: unknown;
  readonly subjects?: unknown;
  readonly data?: unknown;
  readonly automountServiceAccountToken?: boolean;
  readonly spec?: { readonly template?: { readonly metadata: { readonly annotations?: object }; readonly spec: Pod } };
}

/** What no installation goes without. */
const leastValues = { catalogue: 'services: {}\n', redis: { url: 'redis://redis:6379' } };

/** Path of a helm of the test cluster. */
export const helmOf = (program: 'helm3' | 'helm4'): string => requireProgram(program, readClusterEnvironment());

/** What helm makes of the chart with these values: its objects, or what it says where it refuses. */
export function template(
  values: object,
  options: { helm?: string; flags?: readonly string[] } = {},
): { readonly objects: readonly Made[]; readonly said: string } {
  const argv = [
    'template',
    'backout',
    chart,
    '--namespace',
    'backout',
    '--values',
    '-',
    '--kube-version',
    '1.34.0',
    ...(options.flags ?? []),
  ];
  const env = { PATH: '/usr/bin:/bin', HOME: '/nowhere' };
  const input = JSON.stringify({ ...leastValues, ...values });
  const ran = spawnSync(options.helm ?? helmOf('helm4'), argv, { input, encoding: 'utf8', env });
  if (ran.error) throw ran.error;
  if (ran.status !== 0) return { objects: [], said: ran.stderr };
  const objects = parseAllDocuments(ran.stdout).map(document => document.toJS() as Made | null);
  return { objects: objects.filter(object => object !== null), said: '' };
}

/** The object of a kind and name. */
export function find(objects: readonly Made[], kind: string, name?: string): Made {
  const found = objects.find(one => one.kind === kind && (name === undefined || one.metadata.name === name));
  if (!found) throw new Error(`no ${kind} ${name ?? ''} among ${objects.map(one => one.kind).join(', ')}`);
  return found;
}
