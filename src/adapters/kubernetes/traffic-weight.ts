import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Executor, Observation, PlanContext, Settlement } from '../../ports/executor.ts';
import { readArgo, rolloutObject } from './argo.ts';
import { applyArgo, argoBody, argoByHand, observeArgo } from './argo-change.ts';
import { planAbort } from './argo-rollouts.ts';
import { settleArgo } from './argo-settle.ts';
import { applyCanary, canaryBody, observeCanary, planCanary, settleCanary } from './canary.ts';
import { ingressBody, ingressChange, ingressSplitter } from './canary-ingress.ts';
import type { Connect, Connection } from './connect.ts';
import { routeBody, routeChange, routeSplitter } from './http-route.ts';
import { kubectl } from './kubectl.ts';
import { liveObject } from './live-object.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';
import { refuseOwners } from './owners.ts';
import { demandReceivers } from './receivers.ts';
import { applySplit, draftSplit, observeSplit, settleSplit } from './splitter.ts';
import { type Found, findSplitter } from './traffic-find.ts';
import { trafficWeightInput } from './traffic-input.ts';

const trafficBody = z.union([argoBody, canaryBody, routeBody, ingressBody]);
type Body = z.infer<typeof trafficBody>;
type Input = z.infer<typeof trafficWeightInput>;

/** Sets the new release's share of the traffic, by the rules of whatever splits it. */
export function createTrafficWeight(connect: Connect, clock: { now(): number }): Executor {
  const executor = objectExecutor<Body>(connect, {
    kind: 'kubernetes.traffic-weight',
    body: trafficBody,
    plan: planTraffic,
    observe: observeTraffic,
    apply: applyTraffic,
    settle: (connection, change, context) => settleTraffic(connection, change, context, clock),
    byHand,
  });
  return withOwners(connect, clock, executor);
}

async function planTraffic(connection: Connection, { signal }: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = trafficWeightInput.parse(raw);
  const found = await findSplitter(connection, input, signal);
  const plan = await planFound(connection, input, found, signal);
  return { ...plan, warnings: [...found.notes, ...plan.warnings] };
}

function planFound(connection: Connection, input: Input, found: Found, signal: AbortSignal): Promise<StepPlan> {
  const { kind, place } = found;
  const { namespace, context, kubeconfig, name } = place;
  const where = { namespace, context, kubeconfig };
  if (kind === 'Rollout') {
    refuseShare(input, found);
    return planRollout(connection, { ...where, rollout: name }, signal);
  }
  if (kind === 'Canary') {
    refuseShare(input, found);
    return planCanary(connection, { ...where, canary: name }, signal);
  }
  return planSplit(connection, input, found, signal);
}

/** Whoever leads the traffic by steps of its own would overrule any other share. */
function refuseShare({ weight }: Input, { place, kind }: Found): void {
  if (weight === 0) return;
  throw new Refusal(reason('plan-failed', { object: liveObject(place), why: 'weight', kind }));
}

async function planRollout(
  connection: Connection,
  place: Parameters<typeof readArgo>[1],
  signal: AbortSignal,
): Promise<StepPlan> {
  const object = rolloutObject(place);
  const world = await readArgo(connection, place, signal);
  if (!world) throw new Refusal(reason('plan-failed', { object, why: 'gone', kinds: 'Rollout' }));
  return planAbort({ connection, input: { ...place, graceSeconds: 10 }, object, world, signal });
}

async function planSplit(connection: Connection, input: Input, found: Found, signal: AbortSignal): Promise<StepPlan> {
  const { place, live, kind } = found;
  const object = liveObject(place);
  const drafted =
    kind === 'HTTPRoute'
      ? { ...routeChange(place, live, input), warnings: [] }
      : await ingressChange(connection, place, live, { ...input, signal });
  const { change, inverse, warnings } = drafted ?? {};
  if (!change || !inverse) return emptyPlan;
  refuseOwners(object, input, live);
  const ready = await demandReceivers(connection, object, change, signal);
  const operation =
    change.action === 'route-weights' && inverse.action === 'route-weights'
      ? await draftSplit(routeSplitter, connection, { change, inverse }, live, signal)
      : change.action === 'canary-annotation' && inverse.action === 'canary-annotation'
        ? await draftSplit(ingressSplitter, connection, { change, inverse }, live, signal)
        : null;
  return {
    ...emptyPlan,
    operations: operation ? [operation] : [],
    blastRadius: [note('traffic-gained', { object, services: change.receivers, ready })],
    notChecked: [note('shift-not-seen', { object })],
    warnings: warnings ?? [],
    expectedMs: 2_000,
  };
}

function observeTraffic(connection: Connection, body: Body, signal: AbortSignal): Promise<Observation> {
  if (body.action === 'fail-analysis') return observeCanary(connection, body, signal);
  if (body.action === 'route-weights') return observeSplit(routeSplitter, connection, body, signal);
  if (body.action === 'canary-annotation') return observeSplit(ingressSplitter, connection, body, signal);
  return observeArgo(connection, body, signal);
}

function applyTraffic(connection: Connection, body: Body, context: ApplyContext): Promise<void> {
  if (body.action === 'fail-analysis') return applyCanary(connection, body, context);
  if (body.action === 'route-weights') return applySplit(routeSplitter, connection, body, context);
  if (body.action === 'canary-annotation') return applySplit(ingressSplitter, connection, body, context);
  return applyArgo(connection, body, context);
}

function settleTraffic(
  connection: Connection,
  body: Body,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  if (body.action === 'fail-analysis') return settleCanary(connection, body, context, clock);
  if (body.action === 'route-weights') return settleSplit(routeSplitter, connection, body, context, clock);
  if (body.action === 'canary-annotation') return settleSplit(ingressSplitter, connection, body, context, clock);
  return settleArgo(connection, body, context, clock);
}

function byHand(body: Body): readonly string[] {
  if (body.action === 'fail-analysis') {
    const patch = JSON.stringify({ status: { failedChecks: body.threshold } });
    return [kubectl(body, 'patch', 'canary', body.canary, '--subresource=status', '--type=merge', '-p', patch)];
  }
  if (body.action === 'route-weights')
    return [kubectl(body, 'edit', 'httproute', body.name), ...routeSplitter.inWords(body, 'after')];
  if (body.action === 'canary-annotation') {
    const text = `nginx.ingress.kubernetes.io/canary-weight${body.after === null ? '-' : `=${body.after}`}`;
    return [kubectl(body, 'annotate', '--overwrite', 'ingress', body.name, text)];
  }
  return argoByHand(body);
}
