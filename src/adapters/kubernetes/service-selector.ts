import { unifiedDiff } from '../../domain/diff.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type OperationDraft, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { refuseUnaccepted } from './keyed-plan.ts';
import { KubeError } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';
import { refuseOwners } from './owners.ts';
import {
  endpointsOf,
  patchSelector,
  readService,
  type Selector,
  type Service,
  type ServicePlace,
  selectedPods,
  serviceObject,
} from './service.ts';
import { serviceSelectorInput } from './service-input.ts';
import {
  applySwitch,
  demandReady,
  inWords,
  observeSwitch,
  type Switch,
  settleSwitch,
  switchBody,
  switchFingerprint,
} from './service-switch.ts';

/** Leads a Service to other pods by its selector (blue/green), once enough of them are ready. */
export function createServiceSelector(connect: Connect, clock: { now(): number }): Executor {
  const executor = objectExecutor(connect, {
    kind: 'kubernetes.service-selector',
    body: switchBody,
    plan: planSwitch,
    observe: observeSwitch,
    apply: applySwitch,
    settle: (connection, change, context) => settleSwitch(connection, change, context, clock),
    byHand: change => [
      kubectl(change, 'set', 'selector', 'service', change.service, inWords(change.after)),
      kubectl(change, 'get', 'endpointslices', '-l', `kubernetes.io/service-name=${change.service}`),
    ],
  });
  return withOwners(connect, clock, executor);
}

async function planSwitch(connection: Connection, { signal }: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const { selector, minReady, owner, argocd: _, ...place } = serviceSelectorInput.parse(raw);
  const object = serviceObject(place);
  const service = await readIt(connection, place, signal);
  const before = service.spec.selector;
  const after = { ...before, ...selector };
  if (inWords(before) === inWords(after)) return emptyPlan;
  refuseOwners(object, { owner }, service);
  refuseUnselecting(object, service);
  const change: Switch = { ...place, uid: service.metadata.uid, before, after, minReady };
  const pods = await demandReady(connection, change, service, signal);
  const dry = { dryRun: true, signal };
  await patchSelector(connection, place, service, after, dry).catch(refuseUnaccepted(object));
  const old = (await selectedPods(connection, place, service, before, signal)).filter(({ ready }) => ready).length;
  const endpoints = (await endpointsOf(connection, place, signal)).length;
  const back: Switch = { ...change, before: after, after: before, minReady: Math.min(1, old) };
  const facts = { object, from: inWords(before), to: inWords(after) };
  const operation: OperationDraft = {
    object,
    body: change,
    preview: { summary: note('service-switches', { ...facts, pods }), diff: diffOf(object, before, after) },
    fingerprint: switchFingerprint(service),
    idempotent: true,
    inverse: {
      object,
      body: back,
      preview: { summary: note('service-switches-back', facts), diff: diffOf(object, after, before) },
      idempotent: true,
    },
  };
  return {
    ...emptyPlan,
    operations: [operation],
    blastRadius: [note('endpoints-replaced', { object, before: endpoints, after: pods })],
    warnings: warningsOn(object, service, old),
    expectedMs: 3_000,
  };
}

async function readIt(connection: Connection, place: ServicePlace, signal: AbortSignal): Promise<Service> {
  try {
    return await readService(connection, place, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
    throw new Refusal(reason('plan-failed', { object: serviceObject(place), why: 'gone' }));
  }
}

function refuseUnselecting(object: string, { spec }: Service): void {
  if (spec.type !== 'ExternalName' && Object.keys(spec.selector).length > 0) return;
  throw new Refusal(reason('plan-failed', { object, why: 'no-selector' }));
}

function warningsOn(object: string, { spec }: Service, old: number): Note[] {
  return [
    note('connections-stay', { object }),
    ...(old === 0 ? [note('old-pods-not-ready', { object, selector: inWords(spec.selector) })] : []),
  ];
}

function diffOf(object: string, from: Selector, to: Selector): string {
  const lines = (labels: Selector) =>
    Object.entries(labels)
      .map(([key, value]) => `${key}: ${value}`)
      .sort()
      .join('\n');
  return unifiedDiff({ before: `${object} from`, after: `${object} to` }, lines(from), lines(to));
}
