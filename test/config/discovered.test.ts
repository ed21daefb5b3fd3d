import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { discoveredCatalogue, readerRole } from '../../src/config/discovered.ts';
import { formatProblem } from '../../src/config/problem.ts';
import type { Catalogue } from '../../src/domain/catalogue.ts';
import { lookingRights } from '../../src/main/cluster-rights.ts';
import { catalogueTables } from '../../src/main/tables.ts';
import type { FoundWorkload } from '../../src/ports/discover.ts';

const workload = (
  kind: FoundWorkload['kind'],
  namespace: string,
  name: string,
  more: Partial<FoundWorkload> = {},
): FoundWorkload => ({ kind, namespace, name, images: [`${name}:1`], owners: [], ...more });

function read(found: readonly FoundWorkload[]): {
  readonly text: string | null;
  readonly services: Catalogue['services'];
} {
  const text = discoveredCatalogue(found, 'mara');
  if (text === null) return { text, services: {} };
  const answer = readCatalogue(catalogueTables, text, 'backout.yaml');
  if (!answer.ok) throw new Error(answer.problems.map(formatProblem).join('\n'));
  expect(answer.warnings).toEqual([]);
  return { text, services: answer.catalogue.services };
}

it('names each workload’s services and environments, in observe mode, with a way back', () => {
  const { text, services } = read([
    workload('Deployment', 'shop', 'api'),
    workload('Deployment', 'shop-staging', 'api', { owners: ['Argo CD'], images: ['a:1', 'b:2', 'a:1'] }),
    workload('StatefulSet', 'shop', 'db'),
    workload('DaemonSet', 'shop', 'logs'),
  ]);
  expect(Object.keys(services)).toEqual(['api', 'db', 'logs']);
  expect(Object.keys(services.api?.environments ?? {})).toEqual(['shop', 'shop-staging']);
  const target = services.db?.environments.shop;
  expect(target).toMatchObject({ mode: 'observe', runbooks: [{ id: 'back', level: 3 }] });
  expect(target?.runbooks[0]?.steps[0]).toMatchObject({
    kind: 'kubernetes.rollout-undo',
    input: { namespace: 'shop', statefulSet: 'db' },
  });
  expect(text).toContain('shop-staging: # a:1, b:2, rendered by Argo CD: take it back there');
});

it.each([
  ['nothing at all', [], []],
  ['names that YAML takes for numbers', [workload('Deployment', '2024', '007')], ['007']],
  [
    'two kinds of one name',
    [workload('Deployment', 'a', 'x'), workload('StatefulSet', 'a', 'x')],
    ['x', 'x-statefulset'],
  ],
  [
    'names that the kind behind another would make',
    [
      workload('Deployment', 'a', 'x'),
      workload('StatefulSet', 'a', 'x'),
      workload('DaemonSet', 'a', 'x-statefulset'),
      workload('DaemonSet', 'b', 'x-statefulset-2'),
    ],
    ['x', 'x-statefulset-3', 'x-statefulset', 'x-statefulset-2'],
  ],
  [
    'long names of two kinds each, cut where a dash and a dot would be',
    [`${'a'.repeat(50)}-${'b'.repeat(12)}`, `${'a'.repeat(50)}.${'c'.repeat(12)}`].flatMap(name => [
      workload('Deployment', 'a', name),
      workload('StatefulSet', 'a', name),
    ]),
    [
      `${'a'.repeat(50)}-${'b'.repeat(12)}`,
      `${'a'.repeat(50)}-statefulset`,
      `${'a'.repeat(50)}.${'c'.repeat(12)}`,
      `${'a'.repeat(49)}-statefulset-2`,
    ],
  ],
  ['a name too long for a service', [workload('Deployment', 'a', 'y'.repeat(80))], []],
] as const)('%s make a valid catalogue', (_what, found, names) => {
  expect(Object.keys(read(found).services)).toEqual(names);
});

it.each([
  ['all namespaces', [], ['ClusterRole', 'ClusterRoleBinding']],
  ['two namespaces', ['a', 'b'], ['Role', 'RoleBinding', 'Role', 'RoleBinding']],
] as const)('the reader’s role for %s can only look', (_what, namespaces, kinds) => {
  const objects = parseAllDocuments(readerRole(namespaces, lookingRights())).map(document => document.toJS());
  expect(objects.map(({ kind }) => kind)).toEqual(kinds);
  const verbs = objects.flatMap(({ rules = [] }) => rules.flatMap((rule: { verbs: string[] }) => rule.verbs));
  expect([...new Set(verbs)]).toEqual(['get', 'list', 'watch']);
  expect(JSON.stringify(objects)).not.toContain('secrets');
});

it('a role for a namespace whose name Kubernetes would read as false names it in quotes', () => {
  const [role] = parseAllDocuments(readerRole(['no'], lookingRights()), { version: '1.1' });
  expect(role?.toJS().metadata.namespace).toBe('no');
});
