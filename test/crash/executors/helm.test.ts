import { eventually, useCluster } from '../../cluster/suite.ts';
import type { Shape } from '../../engines/helm/chart.ts';
import { copyRelease, readOriginal } from '../../engines/helm/copies.ts';
import { type Helm, helms, openHelm } from '../../engines/helm/world.ts';
import { pick } from '../../engines/kubernetes/targets.ts';
import { forthRows, operationRows, type Row, siblingRows, turningRow, withinRow } from './rows.ts';
import { crashSuites, type Subject, type World } from './suite.ts';
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

/** One release of two revisions for each lane; helm makes the first one, and those with a gate, the others are copies of that. */
async function open(lanes: number, program: Helm, hooked: boolean, within: ReadonlySet<number>): Promise<World> {
  const place = await openHelm(cluster, program);
  const { namespace, binary, kubeconfig } = place;
  const nameOf = (lane: number) => `shop-${lane}`;
  const keys: string[] = [];
  const deploy = async (name: string, gated: boolean): Promise<void> => {
    await place.deployAs(name, shape('one', hooked, gated));
    await place.deployAs(name, shape('two', hooked, gated));
  };
  await deploy('made-by-helm', false);
  const original = await readOriginal(cluster.api, namespace, 'made-by-helm', ['configmap', 'secret']);
  const open = async (lane: number): Promise<void> => {
    const name = nameOf(lane);
    await (within.has(lane) ? deploy(name, true) : copyRelease(cluster.api, original, name));
    keys[lane] = pick(await place.look(name), 'one').key;
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => open(lane)));
  return {
    service: lane => {
      const where = { release: nameOf(lane), namespace, kubeconfig };
      const step = { 'helm.rollback': { ...where, binary } };
      return {
        ...runbooks(step, { command: { argv: ['true'] } }),
        releases: { source: { 'helm.release': where } },
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

/** The two Helms differ in what they do themselves, so of Helm 3 only that is cut off. */
const fewer = [...siblingRows().filter(({ point }) => point === 'operation-applying'), withinRow];
const rowsBy = { helm3: fewer, helm4: [...operationRows(), turningRow, withinRow] };
const withHooks = [...forthRows(1).filter(({ point }) => point.startsWith('operation-')), withinRow];
const within = (of: readonly Row[]) => new Set(of.flatMap((row, at) => (row.within ? [at] : [])));
const back = { mode: 'two', books: ['superseded', 'superseded', 'superseded', 'deployed'] };
const forth = { mode: 'one', books: ['superseded', 'superseded', 'deployed'] };
const again = { mode: 'one', books: ['superseded', 'superseded', 'failed', 'deployed'] };
const locked = { mode: 'one', books: ['superseded', 'deployed', 'pending-rollback'] };

const plain = (program: Helm): Subject => ({
  rows: rowsBy[program],
  open: lanes => open(lanes, program, false, within(rowsBy[program])),
  expected: ({ runbook, within: cut }) => (runbook === 'back' ? back : cut ? again : forth),
  cutTwice: ({ runbook }) => (runbook === 'back' ? back : again),
});
const hooked: Subject = {
  rows: withHooks,
  open: lanes => open(lanes, 'helm4', true, within(withHooks)),
  end: row => (row.within ? 'needs-operator' : 'succeeded'),
  expected: row => (row.within ? locked : forth),
};

crashSuites({
  ...Object.fromEntries(helms.map(program => [`helm.rollback by ${program}`, plain(program)])),
  'helm.rollback with hooks': hooked,
});
