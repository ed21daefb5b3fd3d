import { stringify } from 'yaml';
import { type ClusterRight, rulesOf } from '../domain/cluster-rights.ts';
import type { FoundWorkload } from '../ports/discover.ts';
import { peopleAndRules } from './init.ts';

/** The key by which `target.kubernetes` names a workload of each kind. */
const keyOf = { Deployment: 'deployment', StatefulSet: 'statefulSet', DaemonSet: 'daemonSet' } as const;

/** The longest name that a service may have. */
const longestName = 63;

const shared = {
  mode: 'observe',
  releases: { source: { 'kubernetes.deployment': {} } },
  runbooks: {
    back: {
      level: 3,
      title: 'Back to the last good release of its own history',
      steps: [{ 'kubernetes.rollout-undo': {} }],
      checks: [{ 'kubernetes.rollout': {} }],
    },
  },
};

/**
 * The catalogue that `backout discover` writes of what a cluster runs: valid as it is, in observe mode. A service is a workload's name,
 * an environment its namespace. Null where nothing was found that a catalogue could name.
 */
export function discoveredCatalogue(found: readonly FoundWorkload[], account: string): string | null {
  const nameable = found.filter(({ name }) => name.length <= longestName);
  if (nameable.length === 0) return null;
  const names = serviceNames(nameable);
  const services = [...Map.groupBy(nameable, one => names.get(one) ?? one.name)];
  const written = services.map(
    ([service, workloads]) => `  ${quoted(service)}:\n    environments:\n${environments(workloads)}`,
  );
  const left = found
    .filter(one => !nameable.includes(one))
    .map(({ name }) => `  # left out, its name is too long: ${name}`);
  return [
    peopleAndRules({ account, slackUser: null, channel: null }),
    '# What holds for every service below. `mode: observe` plans and previews and changes nothing; say `mode: act`',
    '# for a service once you trust it. Levels 1 and 2 (flags, configuration) cannot be discovered: add their runbooks.',
    stringify({ defaults: shared }, { lineWidth: 110 }).trimEnd(),
    '',
    'services:',
    ...written,
    ...left,
    '',
  ].join('\n');
}

/**
 * What the service of each workload is called: its name; of those of one name in one namespace, all but the first get their kind behind it,
 * and a number where something else bears that name.
 */
function serviceNames(all: readonly FoundWorkload[]): ReadonlyMap<FoundWorkload, string> {
  const isFirst = (one: FoundWorkload) =>
    all.find(({ name, namespace }) => name === one.name && namespace === one.namespace) === one;
  const real = new Set(all.map(({ name }) => name));
  const given = new Map<FoundWorkload, string>();
  for (const one of all) {
    const { name, kind, namespace } = one;
    const isTaken = (service: string) =>
      real.has(service) || [...given].some(([other, its]) => other.namespace === namespace && its === service);
    const marked = (number: number): string => {
      const mark = `-${kind.toLowerCase()}${number === 1 ? '' : `-${number}`}`;
      const service = name.slice(0, longestName - mark.length).replace(/[-.]+$/, '') + mark;
      return isTaken(service) ? marked(number + 1) : service;
    };
    given.set(one, isFirst(one) ? name : marked(1));
  }
  return given;
}

function environments(workloads: readonly FoundWorkload[]): string {
  return workloads
    .map(({ kind, namespace, name, images, owners }) => {
      const owner = owners.length > 0 ? `, rendered by ${owners.join(' and ')}: take it back there` : '';
      const target = `{ kubernetes: { namespace: ${quoted(namespace)}, ${keyOf[kind]}: ${quoted(name)} } }`;
      return `      ${quoted(namespace)}: # ${[...new Set(images)].join(', ')}${owner}\n        target: ${target}`;
    })
    .join('\n');
}

/** A name of digits only, or one that YAML takes for something else, as YAML writes it. */
function quoted(name: string): string {
  return stringify(name).trimEnd();
}

/** The least that planning and watching need, as `rights` say: a role to look, without the right to change anything. */
export function readerRole(namespaces: readonly string[], rights: readonly ClusterRight[]): string {
  const rules = rulesOf(rights);
  const subject = [{ kind: 'ServiceAccount', name: 'backout-worker', namespace: 'backout' }];
  const group = 'rbac.authorization.k8s.io';
  const places = namespaces.length > 0 ? namespaces : [null];
  const objects = places.flatMap(namespace => {
    const metadata = { name: 'backout-reader', ...(namespace === null ? {} : { namespace }) };
    const kind = namespace === null ? 'ClusterRole' : 'Role';
    const roleRef = { apiGroup: group, kind, name: 'backout-reader' };
    return [
      { apiVersion: `${group}/v1`, kind, metadata, rules },
      { apiVersion: `${group}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects: subject },
    ];
  });
  const said = '# What Backout needs to look, plan and watch; it can change nothing with it. Secrets are not read.\n';
  return said + objects.map(object => stringify(object, { version: '1.1' })).join('---\n');
}
