import type { Json } from '../../cluster/api.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { isReady, uidOf } from '../../engines/kubernetes/pods.ts';
import { openPlace, statedRules } from '../../engines/kubernetes/targets.ts';
import {
  makeDeployment,
  patchDeployment,
  podsOf,
  readDeployment,
  rolledOut,
} from '../../engines/kubernetes/workloads.ts';
import { operationRows, siblingRows } from './rows.ts';
import { crashSuites, type Subject, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();

/** One kind of step, what it is told, and what it leaves behind. */
interface Step {
  readonly kind: string;
  input(name: string): object;
  readonly paused?: boolean;
  /** Whether it is the inverse of another one, so that its own is gone through there. */
  readonly forthAlone?: boolean;
  /** Whether the step is about pods: what is written is counted without any, which spares the node two hundred of them. */
  readonly pods?: boolean;
  /** What is counted at the target: how often its specification was written, and what of it. */
  counted(now: Json): object;
  readonly forth: object;
  readonly back?: object;
}

const image = (found: Json) => found.spec?.template?.spec?.containers?.[0]?.image;
const isPaused = (found: Json) => String(found.spec?.paused) === 'true';
const isRestarted = (found: Json) =>
  found.spec?.template?.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] !== undefined;

const steps: readonly Step[] = [
  {
    kind: 'kubernetes.rollout-restart',
    input: () => ({}),
    counted: now => ({ restarted: isRestarted(now) }),
    forth: { restarted: true },
    back: { restarted: false },
  },
  {
    kind: 'kubernetes.rollout-pause',
    input: () => ({}),
    counted: now => ({ paused: isPaused(now) }),
    forth: { paused: true },
    back: { paused: false },
  },
  {
    kind: 'kubernetes.rollout-resume',
    input: () => ({}),
    paused: true,
    forthAlone: true,
    counted: now => ({ paused: isPaused(now) }),
    forth: { paused: false },
  },
  {
    kind: 'kubernetes.set-image',
    input: () => ({ images: { app: 'app:1.1.0' } }),
    counted: now => ({ image: image(now) }),
    forth: { image: 'app:1.1.0' },
    back: { image: 'app:1.0.0' },
  },
  {
    kind: 'kubernetes.scale',
    input: () => ({ replicas: 1 }),
    counted: now => ({ replicas: now.spec?.replicas }),
    forth: { replicas: 1 },
    back: { replicas: 0 },
  },
];

const nameOf = (lane: number) => `shop-${lane}`;

/** One Deployment for each lane, with a pod where the step is about pods. */
async function open(lanes: number, step: Pick<Step, 'kind' | 'input' | 'paused' | 'pods'>) {
  const { api } = cluster;
  const place = await openPlace(cluster, statedRules('kubernetes.deployment', step.kind, 'kubernetes.rollout'));
  const { namespace, kubeconfig } = place;
  const before = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      await makeDeployment(api, namespace, nameOf(lane), { replicas: step.pods ? 1 : 0, probe: false });
      await rolledOut(api, namespace, nameOf(lane), 120_000);
      if (step.paused) await patchDeployment(api, namespace, nameOf(lane), { spec: { paused: true } });
      return readDeployment(api, namespace, nameOf(lane));
    }),
  );
  const check = (where: object) => (step.pods ? { 'kubernetes.rollout': where } : { command: { argv: ['true'] } });
  const shared: Omit<World, 'effects'> = {
    service: lane => {
      const where = { namespace, deployment: nameOf(lane), kubeconfig };
      return {
        ...runbooks({ [step.kind]: { ...where, ...step.input(nameOf(lane)) } }, check(where)),
        releases: { source: { 'kubernetes.deployment': where } },
      };
    },
    close: place.close,
  };
  return { namespace, before, shared };
}

const subjectOf = (step: Step): Subject => ({
  rows: siblingRows().filter(({ runbook }) => runbook === 'forth' || !step.forthAlone),
  open: async lanes => {
    const { namespace, before, shared } = await open(lanes, step);
    return {
      ...shared,
      effects: async lane => {
        const [now, then] = [await readDeployment(cluster.api, namespace, nameOf(lane)), before[lane]];
        if (!then) throw new Error(`no lane ${lane}`);
        const writes = Number(now.metadata?.generation) - Number(then.metadata?.generation);
        return { writes, ...step.counted(now) };
      },
    };
  },
  expected: ({ runbook }) => (runbook === 'forth' ? { writes: 1, ...step.forth } : { writes: 2, ...step.back }),
});

const deletion: Subject = {
  // Pods that were deleted do not come back, so there is no way back to be cut off on.
  rows: operationRows().filter(({ runbook }) => runbook === 'forth'),
  open: async lanes => {
    const input = (name: string) => ({ selector: { app: name } });
    const { namespace, shared } = await open(lanes, { kind: 'kubernetes.delete-pods', input, pods: true });
    const old = await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => (await podsOf(cluster.api, namespace, nameOf(lane))).map(uidOf)),
    );
    return {
      ...shared,
      effects: async lane => {
        const pods = await eventually('the pods', async () => {
          const found = await podsOf(cluster.api, namespace, nameOf(lane));
          return found.every(isReady) && found;
        });
        const fresh = pods.map(uidOf).filter(uid => !old[lane]?.includes(uid));
        return { deleted: old[lane]?.length === 1 && fresh.length === pods.length, made: fresh.length };
      },
    };
  },
  expected: () => ({ deleted: true, made: 1 }),
};

crashSuites({
  ...Object.fromEntries(steps.map(step => [step.kind, subjectOf(step)])),
  'kubernetes.delete-pods': deletion,
});
