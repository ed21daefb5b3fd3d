// Writes what is made from the table of rights and from the chart: node deploy/render.ts [HELM]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { type KindRight, rightName } from '../src/domain/cluster-rights.ts';
import { clusterRights } from '../src/main/cluster-rights.ts';

const root = join(import.meta.dirname, '..');
/** Folder of the chart. */
export const chart = join(import.meta.dirname, 'chart');

/** A path of the repository with the text that belongs there. */
export type Rendered = Readonly<Record<string, string>>;

const byKey = (rights: readonly KindRight[]) =>
  Map.groupBy(rights, ({ group, resource, essential, only, wide }) =>
    JSON.stringify({ group, resource, essential, only, wide }),
  );

/** The table of rights as the chart reads it: a row for each resource, in YAML that is JSON. */
function rightsFile(): string {
  const kinds = Object.entries(clusterRights).map(([kind, { rights }]) => {
    const rows = [...byKey(rights)].map(([key, own]) => {
      const verbs = [...new Set(own.map(({ verb }) => verb))];
      return `  - ${JSON.stringify({ ...JSON.parse(key), verbs })}\n`;
    });
    return `${kind}:${rows.length > 0 ? `\n${rows.join('')}` : ' []\n'}`;
  });
  return `# What each kind uses in a cluster. Written by \`node deploy/render.ts\` from the table that doctor asks about.\n${kinds.join('')}`;
}

const workloads: Readonly<Record<string, string>> = {
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
};

/** Rights in words: `get, patch deployments.apps, pods`, resources of the same verbs together. */
function words(rights: readonly KindRight[]): string {
  const named = [...byKey(rights)].map(([key, own]) => {
    const { group, resource, only, wide } = JSON.parse(key) as KindRight;
    const verbs = [...new Set(own.map(({ verb }) => verb))].join(', ');
    const itself = workloads[resource.split('/')[0] ?? ''] === only;
    const where = wide ? ' (in the whole cluster)' : only && !itself ? ` (${only}s)` : '';
    return { verbs, name: `\`${rightName({ group, resource, verb: '' }).trim()}\``, where };
  });
  const resources = [...Map.groupBy(named, ({ verbs, name }) => verbs + name).values()].map(same => {
    const [{ verbs = '', name = '' } = {}] = same;
    const where = same.map(one => one.where.slice(2, -1)).filter(Boolean);
    return { verbs, name: where.length > 0 ? `${name} (${where.join(', ')})` : name };
  });
  const together = [...Map.groupBy(resources, ({ verbs }) => verbs)];
  return together.map(([verbs, all]) => `${verbs} ${all.map(({ name }) => name).join(', ')}`).join('; ');
}

/** The table of rights as docs/kubernetes.md shows it. */
function rightsTable(): string {
  const rows = Object.entries(clusterRights).map(([kind, { rights, besides }]) => {
    const needs = words(rights.filter(({ essential }) => essential));
    const wants = words(rights.filter(({ essential }) => !essential));
    return `| \`${kind}\` | ${[needs, besides ?? ''].filter(Boolean).join('; ')} | ${wants} |`;
  });
  return ['| kind | needs | does more with |', '|---|---|---|', ...rows].join('\n');
}

const marks = ['<!-- rights -->\n', '\n<!-- /rights -->'] as const;

/** docs/kubernetes.md with the table of rights as it is today. */
function guide(): string {
  const text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const [from, to] = [text.indexOf(marks[0]) + marks[0].length, text.indexOf(marks[1])];
  return text.slice(0, from) + rightsTable() + text.slice(to);
}

/** What is made from the table of rights alone. */
export function renderRights(): Rendered {
  return { 'deploy/chart/files/rights.yaml': rightsFile(), 'docs/kubernetes.md': guide() };
}

const files: readonly (readonly [string, readonly string[], string])[] = [
  ['rights.yaml', ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'], 'The rights of the worker'],
  ['service-monitor.yaml', ['ServiceMonitor'], 'For the Prometheus operator'],
  ['backout.yaml', [], 'Bot and worker'],
];

/** The plain manifests, rendered from the chart by helm with deploy/manifests/values.yaml. */
export function renderManifests(helm: string): Rendered {
  const values = join(import.meta.dirname, 'manifests', 'values.yaml');
  const argv = ['template', 'backout', chart, '--namespace', 'backout', '--values', values];
  const more = ['--kube-version', '1.34.0', '--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor'];
  const text = execFileSync(helm, [...argv, ...more], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', HOME: '/nowhere' },
  });
  const objects = parseAllDocuments(text.replaceAll(/^\s*app\.kubernetes\.io\/managed-by: Helm\n/gm, ''))
    .map(document => document.toJS() as { readonly kind: string } | null)
    .filter(object => object !== null);
  const named = files.flatMap(([, kinds]) => kinds);
  return Object.fromEntries(
    files.map(([file, kinds, what]) => {
      const own = objects.filter(({ kind }) => (kinds.length > 0 ? kinds.includes(kind) : !named.includes(kind)));
      const head = `# ${what}. Rendered from deploy/chart with deploy/manifests/values.yaml by \`node deploy/render.ts HELM\`.\n`;
      return [
        `deploy/manifests/${file}`,
        head + own.map(object => stringify(object, { lineWidth: 140, version: '1.1' })).join('---\n'),
      ];
    }),
  );
}

if (import.meta.main) {
  const [helm] = process.argv.slice(2);
  const write = (rendered: Rendered) => {
    for (const [file, text] of Object.entries(rendered)) writeFileSync(join(root, file), text);
  };
  write(renderRights());
  if (helm) write(renderManifests(helm));
}
