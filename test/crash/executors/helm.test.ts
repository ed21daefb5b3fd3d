import { eventually, useCluster } from '../../cluster/suite.ts';
import type { Shape } from '../../engines/helm/chart.ts';
import { type Helm, helms, openHelm } from '../../engines/helm/world.ts';
import { pick } from '../../engines/kubernetes/targets.ts';
import { backRows, forthRows, operationRows, type Row, withinRow } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();

/** A pod that nobody schedules: helm waits for it until somebody else calls it ready. */
const gate = `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-gate
spec:
  schedulerName: nobody
  containers: [{name: app, image: "app:1.0.0"}]
`;

/** A chart without pods, so that a rollback takes helm as long as helm itself takes. */
function shape(mode: string, hooked: boolean, gated: boolean): Shape {
  const hook =
    'metadata:\n  name: {{ .Release.Name }}-hook\n  annotations: {helm.sh/hook: "pre-rollback,post-rollback"}';
  return {
    image: `app:${mode}`,
    mode,
    files: {
      'templates/deployment.yaml': '',
      ...(gated && mode === 'one' ? { 'templates/gate.yaml': gate } : {}),
      ...(hooked ? { 'templates/hook.yaml': `apiVersion: v1\nkind: ConfigMap\n${hook}\n` } : {}),
    },
  };
}

async function openGate(namespace: string, name: string): Promise<void> {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await cluster.api('PATCH', path, { status }, 'application/strategic-merge-patch+json');
}

/** One release of two revisions for each lane. */
async function open(lanes: number, program: Helm, hooked: boolean, within: ReadonlySet<number>): Promise<World> {
  const place = await openHelm(cluster, program);
  const { namespace, binary } = place;
  const nameOf = (lane: number) => `shop-${lane}`;
  const keys: string[] = [];
  const deploy = async (lane: number): Promise<void> => {
    await place.deployAs(nameOf(lane), shape('one', hooked, within.has(lane)));
    await place.deployAs(nameOf(lane), shape('two', hooked, within.has(lane)));
    keys[lane] = pick(await place.look(nameOf(lane)), 'one').key;
  };
  for (let from = 0; from < lanes; from += 4)
    await Promise.all(Array.from({ length: Math.min(4, lanes - from) }, (_, at) => deploy(from + at)));
  return {
    env: { KUBECONFIG: place.kubeconfig },
    service: lane => {
      const step = { 'helm.rollback': { release: nameOf(lane), namespace, binary } };
      return {
        ...runbooks(step, { command: { argv: ['true'] } }),
        releases: { source: { 'helm.release': { release: nameOf(lane), namespace } } },
      };
    },
    release: lane => keys[lane] ?? null,
    halfDone: async lane => {
      const books = () => place.history(nameOf(lane));
      await eventually('half done', async () => (await books()).at(-1)?.status.startsWith('pending'));
      // With hooks nothing is begun anew.
      if (hooked) return;
      const begunAnew = async () => (await books()).filter(({ revision }) => revision > 2).length > 1;
      const opened = eventually('begun anew', begunAnew, 120_000).then(() =>
        openGate(namespace, `${nameOf(lane)}-gate`),
      );
      opened.catch(() => undefined);
    },
    effects: async lane => {
      const config = await cluster.api('GET', `/api/v1/namespaces/${namespace}/configmaps/${nameOf(lane)}`);
      const books = await place.history(nameOf(lane));
      return { mode: config.data?.MODE, books: books.map(({ status }) => status) };
    },
    close: place.close,
  };
}

const everyRow = [...forthRows(1), withinRow, ...backRows()];
/** The two Helms differ in what they do themselves, so of Helm 3 only that is cut off. */
const fewer = [...operationRows().filter(({ point }) => point === 'operation-applying'), withinRow];
const within = (of: readonly Row[]) => new Set(of.flatMap((row, at) => (row.within ? [at] : [])));
const back = { mode: 'two', books: ['superseded', 'superseded', 'superseded', 'deployed'] };
const forth = { mode: 'one', books: ['superseded', 'superseded', 'deployed'] };
const again = { mode: 'one', books: ['superseded', 'superseded', 'failed', 'deployed'] };
const locked = { mode: 'one', books: ['superseded', 'deployed', 'pending-rollback'] };

for (const program of helms) {
  const rows = program === 'helm4' ? everyRow : fewer;
  crashSuite(`helm.rollback by ${program}`, {
    rows,
    open: lanes => open(lanes, program, false, within(rows)),
    expected: ({ runbook, within: cut }) => (runbook === 'back' ? back : cut ? again : forth),
  });
}

const hooked = forthRows(1).filter(({ point }) => point.startsWith('operation-'));
const withHooks = [...hooked, withinRow];

crashSuite('helm.rollback with hooks', {
  rows: withHooks,
  open: lanes => open(lanes, 'helm4', true, within(withHooks)),
  end: row => (row.within ? 'needs-operator' : 'succeeded'),
  expected: row => (row.within ? locked : forth),
});
