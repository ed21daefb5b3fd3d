import { createHash } from 'node:crypto';
import { parseDuration } from '../../domain/duration.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';
import type {
  ApplyContext,
  Executor,
  Observation,
  OperationLike,
  PlanContext,
  StepContext,
} from '../../ports/executor.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { type App, type Instance, isUp, readApp, shapeHash } from './apps.ts';
import { type Pm2Value, type SetEnvInput, setEnvInput } from './input.ts';
import { demandInstanceUp, howOf, interruptionOf, type Pm2Place, restartInstance, settleApp } from './restart.ts';
import { keepSnapshot, readSnapshot, type Snapshot, snapshotFile } from './snapshot.ts';

/** What pm2 steps need. */
export interface Pm2Deps {
  readonly readSecret: ReadSecret;
  readonly clock: { now(): number };
}

/** Shared by both directions: `expect` and `result` are hashes of one instance's variables before and after. */
interface BodyBase extends Pm2Place {
  readonly keys: readonly string[];
  readonly snapshot: string;
  readonly expect: string;
  readonly result: string;
}
type Body = BodyBase &
  ({ readonly action: 'set'; readonly values: Readonly<Record<string, Pm2Value>> } | { readonly action: 'restore' });

/** The step that sets variables of an app and restarts it with them. */
export function createSetEnv(deps: Pm2Deps): Executor {
  return {
    kind: 'pm2.set-env',
    plan: (context, input) => plan(deps, context, setEnvInput.parse(input)),
    observe: (context, operation) => observe(deps, context, bodyOf(operation)),
    apply: (context, operation) => apply(deps, context, bodyOf(operation)),
    settle: (context, operation) => {
      const body = bodyOf(operation);
      return settleApp(body, context, deps.clock.now, one => hashOf(one, body) === body.result);
    },
    byHand: operation => byHand(bodyOf(operation)),
  };
}

function bodyOf(operation: OperationLike): Body {
  return operation.body as unknown as Body;
}

async function plan(deps: Pm2Deps, context: PlanContext, input: SetEnvInput): Promise<StepPlan> {
  const values = { ...(input.use ? input.sets[input.use] : {}), ...input.set };
  const keys = Object.keys(values).sort();
  const app = await readApp(input, context.signal);
  const wanted = await readValues(deps, values);
  const rest = {
    blastRadius: [note('pm2-instances', { app: app.name, instances: app.instances.length })],
    interruption: interruptionOf(app),
    notRolledBack: [],
    notChecked: [],
    warnings: [note('pm2-not-saved', { app: app.name })],
    expectedMs: 1_000 + (parseDuration(input.stable) ?? 0) * app.instances.length,
  };
  const now = app.instances.map(one => valuesOf(one, keys));
  if (now.every(one => sameValues(one, wanted))) return { ...rest, interruption: { kind: 'none' }, operations: [] };
  const [first] = now;
  const mixed = first === undefined || !now.every(one => sameValues(one, first));
  const snapshot = snapshotFile(input.home, input.app, context.run);
  const shared = { app: input.app, home: input.home, stableMs: parseDuration(input.stable) ?? 0, keys, snapshot };
  const expect = mixed ? '' : hashValues(first, snapshot);
  const result = hashValues(wanted, snapshot);
  const body: Body = { ...shared, action: 'set', values, expect, result };
  const inverse: Body = { ...shared, action: 'restore', expect: result, result: expect };
  const object = `pm2 app ${input.app}`;
  const facts = { app: input.app, keys, instances: app.instances.length };
  return {
    ...rest,
    notRolledBack: mixed ? [note('pm2-instances-differ', { app: app.name })] : [],
    operations: [
      {
        object,
        body: body as unknown as JsonObject,
        preview: { summary: note(howOf(app), facts), diff: diffOf(app, values, wanted) },
        fingerprint: fingerprintOf(app, body),
        idempotent: false,
        inverse: mixed
          ? null
          : {
              object,
              body: inverse as unknown as JsonObject,
              preview: { summary: note('pm2-restores', facts), diff: '' },
              idempotent: false,
            },
      },
    ],
  };
}

async function readValues(deps: Pm2Deps, values: Readonly<Record<string, Pm2Value>>): Promise<Record<string, string>> {
  const read = await Promise.all(
    Object.entries(values).map(async ([key, value]) => [
      key,
      typeof value === 'object' ? await deps.readSecret(value) : String(value),
    ]),
  );
  return Object.fromEntries(read) as Record<string, string>;
}

function valuesOf(instance: Instance, keys: readonly string[]): Snapshot {
  return Object.fromEntries(keys.map(key => [key, instance.value(key)]));
}

function sameValues(one: Snapshot, other: Snapshot): boolean {
  return Object.keys(one).every(key => one[key] === other[key]);
}

function hashValues(values: Snapshot, salt: string): string {
  const sorted = Object.keys(values)
    .sort()
    .map(key => [key, values[key]]);
  return createHash('sha256')
    .update(JSON.stringify([salt, sorted]))
    .digest('hex');
}

function hashOf(instance: Instance, body: BodyBase): string {
  return hashValues(valuesOf(instance, body.keys), body.snapshot);
}

function fingerprintOf(app: App, body: BodyBase): string {
  return [shapeHash(app), ...app.instances.map(one => hashOf(one, body))].join(' ');
}

function diffOf(
  app: App,
  values: Readonly<Record<string, Pm2Value>>,
  wanted: Readonly<Record<string, string>>,
): string {
  const lines = Object.keys(wanted).flatMap(key => {
    const was = app.instances[0]?.value(key) ?? null;
    const is = wanted[key] ?? '';
    if (was === is) return [];
    const secret = typeof values[key] === 'object' || isSecretName(key);
    const show = (text: string, hidden: string): string => (secret || isSecretValue(text) ? hidden : text);
    return [
      ...(was === null ? [] : [`-${key}=${show(was, '(hidden)')}`]),
      `+${key}=${show(is, was === null ? '(hidden, new)' : '(hidden, changed)')}`,
    ];
  });
  return [`--- pm2 app ${app.name}`, `+++ pm2 app ${app.name}`, ...lines].join('\n');
}

async function observe(deps: Pm2Deps, context: StepContext, body: Body): Promise<Observation> {
  const app = await readApp(body, context.signal);
  const fingerprint = fingerprintOf(app, body);
  const facts = { app: body.app, keys: body.keys };
  if (app.instances.some(one => hashOf(one, body) !== body.result))
    return { state: 'not-applied', fingerprint, note: note('pm2-env-otherwise', facts) };
  if (!isUp(app, body.stableMs, deps.clock.now()))
    return { state: 'in-progress', fingerprint, note: note('pm2-env-set-not-up', facts) };
  return { state: 'applied', fingerprint, note: note('pm2-env-set', facts) };
}

async function apply(deps: Pm2Deps, context: ApplyContext, body: Body): Promise<void> {
  const { signal } = context;
  const app = await readApp(body, signal);
  const waiting = app.instances.filter(one => hashOf(one, body) !== body.result);
  if (body.expect !== '' && waiting.some(one => hashOf(one, body) !== body.expect))
    throw new Refusal(reason('target-changed', { object: `pm2 app ${body.app}` }));
  const [first] = waiting;
  if (!first) return;
  if (body.action === 'set') await keepSnapshot(body.snapshot, valuesOf(first, body.keys));
  const wanted = body.action === 'set' ? await readValues(deps, body.values) : await readSnapshot(body.snapshot);
  if (!wanted) throw new Refusal(reason('cannot-revert', {}, `${body.snapshot} is gone`));
  for (const instance of waiting) {
    signal.throwIfAborted();
    await restartInstance(body, instance, settingsFor(instance, wanted), signal);
    if (app.instances.length > 1) await demandInstanceUp(body, instance.id, deps.clock.now, signal);
  }
}

/** The app's whole environment with the wanted variables: pm2 takes it in place of the old one. A setting of text `null` is removed by pm2. */
function settingsFor(instance: Instance, wanted: Snapshot): JsonObject {
  const unset = Object.keys(wanted).filter(key => wanted[key] === null);
  const kept = Object.entries(instance.env as Record<string, Json>).filter(([key]) => !unset.includes(key));
  const set = Object.entries(wanted).filter(([, value]) => value !== null);
  return {
    ...Object.fromEntries(unset.map(key => [key, 'null'])),
    env: Object.fromEntries([...kept, ...set]) as JsonObject,
  };
}

function byHand(body: Body): readonly string[] {
  const shown = (key: string, value: Pm2Value): string =>
    `${key}=${typeof value === 'object' ? '…' : JSON.stringify(String(value))}`;
  if (body.action === 'restore') return [`# the variables as they were: ${body.snapshot}`];
  const set = Object.entries(body.values).map(([key, value]) => shown(key, value));
  return [`${set.join(' ')} PM2_HOME=${body.home} pm2 reload ${body.app} --update-env`];
}
