import { randomUUID } from 'node:crypto';
import { parseDuration } from '../../domain/duration.ts';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type {
  ApplyContext,
  Executor,
  Observation,
  OperationLike,
  PlanContext,
  StepContext,
} from '../../ports/executor.ts';
import { isUp, readApp, shapeHash } from './apps.ts';
import { reloadInput } from './input.ts';
import { demandInstanceUp, howOf, interruptionOf, type Pm2Place, restartInstance, settleApp } from './restart.ts';
import type { Pm2Deps } from './set-env.ts';

/** `mark` is set on every instance with its restart, so that anybody can see which restart this one was. */
interface Body extends Pm2Place {
  readonly mark: string;
  readonly shape: string;
}

/** The variable that holds the mark of the last restart of ours. */
const markName = 'BACKOUT_RELOAD';

/** The step that restarts an app with what it has: new code, or files it reads at its start. Nothing is to put back. */
export function createReload(deps: Pick<Pm2Deps, 'clock'>): Executor {
  return {
    kind: 'pm2.reload',
    plan,
    observe: (context, operation) => observe(deps, context, bodyOf(operation)),
    apply: (context, operation) => apply(deps, context, bodyOf(operation)),
    settle: (context, operation) => {
      const body = bodyOf(operation);
      return settleApp(body, context, deps.clock.now, one => one.value(markName) === body.mark);
    },
    byHand: operation => [`PM2_HOME=${bodyOf(operation).home} pm2 reload ${bodyOf(operation).app}`],
  };
}

function bodyOf(operation: OperationLike): Body {
  return operation.body as unknown as Body;
}

async function plan(context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const { app: name, home, stable } = reloadInput.parse(raw);
  const app = await readApp({ app: name, home }, context.signal);
  const stableMs = parseDuration(stable) ?? 0;
  const shape = shapeHash(app);
  const body: Body = { app: name, home, stableMs, mark: randomUUID(), shape };
  return {
    operations: [
      {
        object: `pm2 app ${name}`,
        body: body as unknown as JsonObject,
        preview: { summary: note(`${howOf(app)}-only`, { app: name, instances: app.instances.length }), diff: '' },
        fingerprint: shape,
        idempotent: false,
        inverse: null,
      },
    ],
    blastRadius: [note('pm2-instances', { app: name, instances: app.instances.length })],
    interruption: interruptionOf(app),
    notRolledBack: [note('pm2-reload-not-undone', { app: name })],
    notChecked: [],
    warnings: [],
    expectedMs: 1_000 + stableMs * app.instances.length,
  };
}

async function observe(deps: Pick<Pm2Deps, 'clock'>, context: StepContext, body: Body): Promise<Observation> {
  const app = await readApp(body, context.signal);
  const fingerprint = shapeHash(app);
  const facts = { app: body.app };
  if (app.instances.some(one => one.value(markName) !== body.mark))
    return { state: 'not-applied', fingerprint, note: note('pm2-not-reloaded', facts) };
  if (!isUp(app, body.stableMs, deps.clock.now()))
    return { state: 'in-progress', fingerprint, note: note('pm2-reloaded-not-up', facts) };
  return { state: 'applied', fingerprint, note: note('pm2-reloaded', facts) };
}

async function apply(deps: Pick<Pm2Deps, 'clock'>, { signal }: ApplyContext, body: Body): Promise<void> {
  const app = await readApp(body, signal);
  if (shapeHash(app) !== body.shape) throw new Refusal(reason('target-changed', { object: `pm2 app ${body.app}` }));
  for (const instance of app.instances.filter(one => one.value(markName) !== body.mark)) {
    signal.throwIfAborted();
    await restartInstance(body, instance, { [markName]: body.mark }, signal);
    if (app.instances.length > 1) await demandInstanceUp(body, instance.id, deps.clock.now, signal);
  }
}
