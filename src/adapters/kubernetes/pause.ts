import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { reason } from '../../domain/reason.ts';
import type { Executor, Observation, PlanContext } from '../../ports/executor.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import type { Connect, Connection } from './connect.ts';
import { objectOf, placeFields } from './input.ts';
import { expectedMsOf, interruptionOf } from './judged.ts';
import { moved, unlessGone } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { guardedWrite, objectExecutor, settleBy } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';
import { ownersOf, refuseOwned } from './owners.ts';
import { pauseInput, resumeInput } from './rollout-input.ts';
import { hashOf, templateClaim, templateHash, versionOf } from './template.ts';
import { patchWorkload, readWorkload, type Workload } from './workload.ts';

const pauseBody = z.strictObject({
  ...placeFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  paused: z.boolean(),
});
type Pause = z.infer<typeof pauseBody>;

/** How long the controller may take to see it, in ms. */
const limitMs = 60_000;

/** Pauses a Deployment, or resumes it: each is the other's inverse. */
export function createPause(
  kind: 'kubernetes.rollout-pause' | 'kubernetes.rollout-resume',
  connect: Connect,
  clock: { now(): number },
): Executor {
  const paused = kind === 'kubernetes.rollout-pause';
  const executor = objectExecutor(connect, {
    kind,
    body: pauseBody,
    plan: (connection, context, input) => planPause(connection, context, input, paused),
    observe: observePause,
    apply: (connection, pause, { signal }) =>
      guardedWrite(
        () => readWorkload(connection, pause, signal),
        now => write(connection, pause, now, signal),
        signal,
      ),
    settle: (connection, pause, context) => {
      const object = objectOf(pause);
      const look = async () => {
        const { metadata, spec, status } = await readWorkload(connection, pause, context.signal);
        if (metadata.uid !== pause.uid || spec.paused !== pause.paused) throw moved(objectOf(pause));
        const seen = status.observedGeneration >= metadata.generation;
        return seen ? ({ state: 'settled', note: noteOn(pause), served: false } as const) : null;
      };
      const facts = { object, cause: 'not-noticed', ms: limitMs };
      const overdue = () => ({ state: 'failed', served: false, reason: reason('not-settled', facts) }) as const;
      return settleBy(object, look, overdue, { context, clock, limitMs });
    },
    byHand: pause => [kubectl(pause, 'rollout', pause.paused ? 'pause' : 'resume', `deployment/${pause.deployment}`)],
  });
  return withOwners(connect, clock, executor);
}

const noteOn = (pause: Pause) => note(pause.paused ? 'rollout-paused' : 'rollout-resumed', { object: objectOf(pause) });

/** Who resumes has judged what then rolls out. */
function fingerprintOf({ paused }: Pause, workload: Workload): string {
  const { uid } = workload.metadata;
  const template = paused ? null : templateHash(workload.spec.template);
  return hashOf({ uid, paused: workload.spec.paused, owners: ownersOf(workload), template });
}

async function planPause(
  connection: Connection,
  context: PlanContext,
  raw: JsonObject,
  paused: boolean,
): Promise<StepPlan> {
  const input = paused ? { ...pauseInput.parse(raw), whilePaused: false } : resumeInput.parse(raw);
  const object = objectOf(input);
  const workload = await readWorkload(connection, input, context.signal);
  refuseOwned(input, workload);
  if (workload.spec.paused === paused && !input.whilePaused) return emptyPlan;
  const { namespace, context: cluster, kubeconfig, deployment } = input;
  const place = { namespace, context: cluster, kubeconfig, deployment };
  const body: Pause = { ...place, uid: workload.metadata.uid, paused };
  await patchWorkload(connection, input, patchOf(workload, paused), { dryRun: true, signal: context.signal });
  const words = (goes: boolean) => ({
    summary: note(goes ? 'rollout-pauses' : 'rollout-resumes', { object }),
    diff: `-  paused: ${!goes}\n+  paused: ${goes}`,
  });
  const operation = {
    object,
    body,
    preview: words(paused),
    fingerprint: fingerprintOf(body, workload),
    idempotent: true,
    inverse: { object, body: { ...body, paused: !paused }, preview: words(!paused), idempotent: true },
    // Nothing would roll out of a template that a later step changes.
    ...(paused ? { bars: [templateClaim(workload.metadata)] } : {}),
  };
  const plan = { ...emptyPlan, operations: [operation], expectedMs: 1_000 };
  if (paused) return { ...plan, warnings: [note('stays-paused', { object })] };
  if (!waits(workload)) return plan;
  const { replicas: pods, strategy, template } = workload.spec;
  return {
    ...plan,
    blastRadius: [note('pods-replaced', { object, pods, how: strategy.how })],
    interruption: interruptionOf(workload, template),
    warnings: [note('resuming-rolls-out', { object, version: versionOf(template) })],
    expectedMs: expectedMsOf(workload),
  };
}

/** Whether a change waits for the Deployment to be resumed. */
function waits({ spec, status }: Workload): boolean {
  return status.updatedReplicas < spec.replicas || status.replicas > status.updatedReplicas;
}

async function observePause(connection: Connection, pause: Pause, signal: AbortSignal): Promise<Observation> {
  const object = objectOf(pause);
  const workload = await unlessGone(readWorkload(connection, pause, signal));
  if (!workload) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('deployment-gone', { object }) };
  const { metadata, spec } = workload;
  const applied = metadata.uid === pause.uid && spec.paused === pause.paused;
  const now = noteOn({ ...pause, paused: spec.paused });
  return { state: applied ? 'applied' : 'not-applied', fingerprint: fingerprintOf(pause, workload), note: now };
}

async function write(connection: Connection, pause: Pause, now: Workload, signal: AbortSignal): Promise<void> {
  if (now.metadata.uid !== pause.uid) throw moved(objectOf(pause));
  if (now.spec.paused === pause.paused) return;
  refuseOwned(pause, now);
  await patchWorkload(connection, pause, patchOf(now, pause.paused), { dryRun: false, signal });
}

/** Bound to the generation: whoever wrote the specification meanwhile, a stale worker cannot pause what was resumed since. */
function patchOf({ metadata }: Workload, paused: boolean): JsonObject[] {
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    { op: 'add', path: '/spec/paused', value: paused },
  ];
}
