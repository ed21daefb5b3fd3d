import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../domain/duration.ts';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type {
  ApplyContext,
  Executor,
  Observation,
  OperationLike,
  PlanContext,
  Settlement,
  StepContext,
} from '../../ports/executor.ts';
import type { Processes } from '../../ports/processes.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { type CommandInput, commandInput } from './command-input.ts';
import { lastLines, readEnvironment } from './environment.ts';

/** What command steps and checks need. */
export interface CommandDeps {
  readonly processes: Processes;
  readonly readSecret: ReadSecret;
}

/** What one operation holds: `inverted` where it puts back, so that what `observe` answers counts the other way round. */
interface CommandBody
  extends Pick<CommandInput, 'argv' | 'cwd' | 'env' | 'observe' | 'compareOutput' | 'settle' | 'serves'> {
  readonly inverted: boolean;
}

/** A step of its own runs as long as the engine lets it; this only bounds what nobody aborts, in ms. */
const longestMs = 86_400_000;
const observeMs = 60_000;

/** The step that runs a program of the catalogue's, by argv. */
export function createCommandExecutor(deps: CommandDeps): Executor {
  return {
    kind: 'command',
    plan: (context, input) => plan(deps, context, commandInput.parse(input)),
    observe: (context, operation) => observe(deps, context, bodyOf(operation)),
    apply: (context, operation) => apply(deps, context, bodyOf(operation)),
    settle: (context, operation) => settle(deps, context, bodyOf(operation)),
    byHand: operation => [bodyOf(operation).argv.join(' ')],
  };
}

function bodyOf(operation: OperationLike): CommandBody {
  return operation.body as unknown as CommandBody;
}

async function plan(deps: CommandDeps, context: PlanContext, input: CommandInput): Promise<StepPlan> {
  const { argv, cwd, observe: look, undo, settle: within, compareOutput, serves } = input;
  if (cwd && !(await stat(cwd).catch(() => null))?.isDirectory())
    throw new Refusal(reason('plan-failed', {}, `${cwd}: no such folder`));
  for (const [program] of [argv, look, undo].filter(one => one !== null))
    if (!deps.processes.find(program, cwd ?? undefined))
      throw new Refusal(reason('plan-failed', {}, `${program}: no such program`));
  const env = { ...input.env, ...releaseEnvironment(context) };
  const shared = { cwd, env, observe: look, compareOutput, settle: within, serves };
  const body: CommandBody = { ...shared, argv, inverted: false };
  const seen = await observe(deps, context, body);
  const inverse = undo && {
    object: undo.join(' '),
    body: { ...shared, argv: undo, inverted: true } as unknown as JsonObject,
    preview: { summary: note('command-undoes', { command: undo.join(' ') }), diff: '' },
    idempotent: input.idempotent,
  };
  const operation: OperationDraft = {
    object: input.title ?? argv.join(' '),
    body: body as unknown as JsonObject,
    preview: { summary: note('command-runs', { command: argv.join(' ') }), diff: '' },
    fingerprint: seen.fingerprint,
    idempotent: input.idempotent,
    inverse,
  };
  const gapMs = parseDuration(input.interruption);
  return {
    operations: [operation],
    blastRadius: [],
    interruption:
      gapMs !== null ? { kind: 'gap', ms: gapMs } : { kind: input.interruption === 'none' ? 'none' : 'unknown' },
    notRolledBack: undo ? [] : [note('command-no-undo', { command: argv.join(' ') })],
    notChecked: look ? [] : [note('command-unseen', { command: argv.join(' ') })],
    warnings: look || input.idempotent ? [] : [note('command-may-stop', { command: argv.join(' ') })],
    expectedMs: 10_000,
  };
}

/** Which release this is about, for programs that ask: BACKOUT_RUN, BACKOUT_TARGET, BACKOUT_FROM_… and BACKOUT_TO_VERSION, _KEY, and each part of its identity. */
function releaseEnvironment(context: PlanContext): Record<string, string> {
  const parts = (name: string, release: PlanContext['to']): [string, string][] =>
    release
      ? [
          [`BACKOUT_${name}_VERSION`, release.version],
          [`BACKOUT_${name}_KEY`, release.key],
          ...Object.entries(release.identity).map(([part, value]): [string, string] => [
            `BACKOUT_${name}_${part.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`,
            value,
          ]),
        ]
      : [];
  return {
    BACKOUT_RUN: context.run,
    BACKOUT_TARGET: context.target,
    ...Object.fromEntries([...parts('FROM', context.from), ...parts('TO', context.to)]),
  };
}

async function observe(deps: CommandDeps, context: StepContext, body: CommandBody): Promise<Observation> {
  const hash = (seen: string): string =>
    createHash('sha256')
      .update(JSON.stringify([body.observe, seen]))
      .digest('hex');
  if (!body.observe)
    return { state: 'unknown', fingerprint: hash(''), note: note('command-unseen', { command: body.argv.join(' ') }) };
  const { env, secrets } = await readEnvironment(deps.readSecret, body.env);
  const { signal } = context;
  const place = { env, secrets, signal, timeoutMs: observeMs, ...(body.cwd ? { cwd: body.cwd } : {}) };
  const run = await deps.processes.run({ argv: body.observe, ...place });
  const command = body.observe.join(' ');
  const fingerprint = hash(`${run.exitCode} ${body.compareOutput ? run.stdout : ''}`);
  if (run.exitCode !== 0 && run.exitCode !== 1) {
    const facts = { command, exitCode: run.exitCode ?? -1 };
    return { state: 'unknown', fingerprint, note: note('command-observe-unclear', facts, lastLines(run)) };
  }
  const there = (run.exitCode === 0) !== body.inverted;
  const code = run.exitCode === 0 ? 'command-effect-there' : 'command-effect-missing';
  return { state: there ? 'applied' : 'not-applied', fingerprint, note: note(code, { command }) };
}

async function apply(deps: CommandDeps, context: ApplyContext, body: CommandBody): Promise<void> {
  const { env, secrets } = await readEnvironment(deps.readSecret, body.env);
  const run = await deps.processes.run({
    argv: body.argv,
    env: { ...env, BACKOUT_IDEMPOTENCY_KEY: context.idempotencyKey },
    secrets,
    signal: context.signal,
    timeoutMs: longestMs,
    onStart: child => context.child(child),
    ...(body.cwd ? { cwd: body.cwd } : {}),
  });
  const command = body.argv.join(' ');
  if (run.aborted || run.timedOut) throw new Refusal(reason('step-timeout', { command }, lastLines(run)));
  if (run.exitCode !== 0)
    throw new Refusal(reason('step-failed', { command, exitCode: run.exitCode ?? run.signal ?? '?' }, lastLines(run)));
}

/** Exit 0 was the effect's start: where somebody can look, it has to show within the time the catalogue gives it. */
async function settle(deps: CommandDeps, context: ApplyContext, body: CommandBody): Promise<Settlement> {
  const command = body.argv.join(' ');
  if (!body.observe) return { state: 'settled', note: note('command-exited', { command }), served: body.serves };
  const until = performance.now() + (parseDuration(body.settle) ?? 0);
  for (;;) {
    const seen = await observe(deps, context, body);
    if (seen.state === 'applied') return { state: 'settled', note: seen.note, served: body.serves };
    context.signal.throwIfAborted();
    if (performance.now() >= until)
      return { state: 'failed', reason: reason('not-settled', { command }, seen.note.detail), served: false };
    await delay(500, undefined, { signal: context.signal });
  }
}
