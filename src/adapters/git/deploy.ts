import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseDuration } from '../../domain/duration.ts';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement, StepContext } from '../../ports/executor.ts';
import type { Deploy } from './input.ts';
import type { GitDeps } from './repository.ts';
import { postWebhook } from './webhook.ts';

/** Bringing one commit of a branch to run, as planned. */
export interface DeployBody {
  readonly deploy: Deploy;
  readonly branch: string;
  readonly commit: string;
  readonly tree: string;
  readonly version: string;
}

const observeMs = 60_000;
const longestMs = 86_400_000;

/** What people call it. */
export function deployName(deploy: Deploy): string {
  return 'argv' in deploy ? deploy.argv.join(' ') : new URL(deploy.webhook).host;
}

async function environmentOf(deps: GitDeps, context: StepContext, body: DeployBody) {
  const entries = await Promise.all(
    Object.entries(body.deploy.env).map(async ([name, value]) => ({
      name,
      value: typeof value === 'string' ? value : await deps.readSecret(value),
      secret: typeof value !== 'string',
    })),
  );
  const env: Record<string, string> = {
    ...Object.fromEntries(entries.map(({ name, value }) => [name, value])),
    BACKOUT_RUN: context.run,
    BACKOUT_TARGET: context.target,
    BACKOUT_BRANCH: body.branch,
    BACKOUT_COMMIT: body.commit,
    BACKOUT_TREE: body.tree,
    BACKOUT_VERSION: body.version,
  };
  const secrets = entries.filter(({ secret }) => secret).map(({ value }) => value);
  return { env, secrets, ...(body.deploy.cwd ? { cwd: body.deploy.cwd } : {}) };
}

/** Asks whether the commit is deployed; `unknown` where the catalogue names nothing to ask. */
export async function observeDeploy(deps: GitDeps, context: StepContext, body: DeployBody): Promise<Observation> {
  const { observe } = body.deploy;
  const facts = { commit: body.commit.slice(0, 12), by: deployName(body.deploy) };
  const hash = (seen: string): string =>
    createHash('sha256')
      .update(JSON.stringify([facts.by, observe, seen]))
      .digest('hex');
  if (!observe) return { state: 'unknown', fingerprint: hash(''), note: note('git-deploy-unseen', facts) };
  const place = await environmentOf(deps, context, body);
  const run = await deps.processes.run({ argv: observe, ...place, signal: context.signal, timeoutMs: observeMs });
  const fingerprint = hash(String(run.exitCode));
  if (run.exitCode === 0) return { state: 'applied', fingerprint, note: note('git-deployed', facts) };
  if (run.exitCode === 1) return { state: 'not-applied', fingerprint, note: note('git-not-deployed', facts) };
  return { state: 'unknown', fingerprint, note: note('git-deploy-unclear', facts, tail(run)) };
}

/** Starts the deployment: the command, or the pipeline's webhook. */
export async function applyDeploy(deps: GitDeps, context: ApplyContext, body: DeployBody): Promise<void> {
  const { deploy } = body;
  if ('webhook' in deploy) {
    const token = deploy.token ? await deps.readSecret(deploy.token) : null;
    const { branch, commit, tree, version } = body;
    const told = { run: context.run, target: context.target, branch, commit, tree, version };
    return postWebhook(deploy.webhook, told, { token, idempotencyKey: context.idempotencyKey, signal: context.signal });
  }
  const place = await environmentOf(deps, context, body);
  const run = await deps.processes.run({
    argv: deploy.argv,
    ...place,
    signal: context.signal,
    timeoutMs: longestMs,
    onStart: child => context.child(child),
  });
  if (run.exitCode === 0) return;
  const facts = { command: deployName(deploy), exitCode: run.exitCode ?? run.signal ?? '?' };
  throw new Refusal(reason(run.aborted || run.timedOut ? 'step-timeout' : 'step-failed', facts, tail(run)));
}

/** Waits until the deployment shows; where nobody can look, what was started is taken at its word. */
export async function settleDeploy(deps: GitDeps, context: ApplyContext, body: DeployBody): Promise<Settlement> {
  const facts = { commit: body.commit.slice(0, 12), by: deployName(body.deploy) };
  if (!body.deploy.observe) return { state: 'settled', note: note('git-deploy-started', facts), served: true };
  const until = performance.now() + (parseDuration(body.deploy.settle) ?? 0);
  for (;;) {
    const seen = await observeDeploy(deps, context, body);
    if (seen.state === 'applied') return { state: 'settled', note: seen.note, served: true };
    context.signal.throwIfAborted();
    if (performance.now() >= until)
      return { state: 'failed', reason: reason('not-settled', { object: facts.by }, seen.note.detail), served: false };
    context.progress(seen.note);
    await delay(500, undefined, { signal: context.signal });
  }
}

function tail(run: { readonly stdout: string; readonly stderr: string }): string {
  return (run.stderr.trim() || run.stdout.trim()).split('\n').slice(-8).join('\n').slice(-1_500);
}
