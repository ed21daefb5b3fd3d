import { parseDuration } from '../../domain/duration.ts';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { Interruption, OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, Observation, OperationLike, PlanContext, StepContext } from '../../ports/executor.ts';
import { applyDeploy, type DeployBody, deployName, observeDeploy, settleDeploy } from './deploy.ts';
import { type Commit, findRelease, readCommits, restoresTrailer } from './history.ts';
import { type RestoreInput, restoreInput } from './input.ts';
import { applyPush, type CommitPlan, makeCommit, observePush, type PushBody, tipHash } from './push.ts';
import { type GitDeps, openRepository, type Repository } from './repository.ts';

/**
 * The operations: `push` a commit, with what has to be deployed after it where that belongs together; `deploy` it; and the inverse of a
 * deployment, which the inverse of the push before it contains (inverses run backwards, so the branch is put back and deployed in one).
 */
type Body =
  | {
      readonly action: 'push';
      readonly push: PushBody;
      readonly followedBy: DeployBody | null;
      readonly served: boolean;
    }
  | { readonly action: 'deploy'; readonly deploy: DeployBody }
  | { readonly action: 'with-push'; readonly branch: string };

const listed = 20;

/** The step that puts the whole tree of a known-good release on top of a branch, and deploys it. */
export function createRestoreRelease(deps: GitDeps): Executor {
  return {
    kind: 'git.restore-release',
    plan: (context, input) => plan(deps, context, restoreInput.parse(input)),
    observe: (context, operation) => observe(deps, context, bodyOf(operation)),
    apply: async (context, operation) => {
      const body = bodyOf(operation);
      if (body.action === 'push') {
        await applyPush(deps, body.push, context);
        if (body.followedBy) await applyDeploy(deps, context, body.followedBy);
      }
      if (body.action === 'deploy') await applyDeploy(deps, context, body.deploy);
    },
    settle: async (context, operation) => {
      const body = bodyOf(operation);
      if (body.action === 'deploy') return settleDeploy(deps, context, body.deploy);
      if (body.action === 'push' && body.followedBy) return settleDeploy(deps, context, body.followedBy);
      const seen = await observe(deps, context, body);
      if (seen.state === 'applied')
        return { state: 'settled', note: seen.note, served: body.action === 'push' && body.served };
      return {
        state: 'failed',
        reason: reason('not-settled', { object: operation.object }, seen.note.code),
        served: false,
      };
    },
    byHand: operation => byHand(bodyOf(operation)),
  };
}

function bodyOf(operation: OperationLike): Body {
  return operation.body as unknown as Body;
}

async function plan(deps: GitDeps, context: PlanContext, input: RestoreInput): Promise<StepPlan> {
  const { signal, to } = context;
  if (!to) throw new Refusal(reason('no-good-release'));
  if (
    input.deploy &&
    'argv' in input.deploy &&
    !deps.processes.find(input.deploy.argv[0], input.deploy.cwd ?? undefined)
  )
    throw new Refusal(reason('plan-failed', {}, `${input.deploy.argv[0]}: no such program`));
  const repository = openRepository(deps, input);
  const tip = await repository.fetch(signal);
  const good = await findRelease(repository, input.branch, to, signal);
  const tipTree = await repository.ask(['rev-parse', '--verify', '--end-of-options', `${tip}^{tree}`], { signal });
  const taken = await readCommits(repository, `${good.sha}..${tip}`, { limit: listed, firstParent: false, signal });
  const count = Number(
    await repository.ask(['rev-list', '--count', '--end-of-options', `${good.sha}..${tip}`], { signal }),
  );
  const steps = await compile(deps, context, input, repository, { tip, tipTree, good, version: to.version });
  return {
    operations: steps,
    blastRadius: count > 0 ? [note('git-takes-back', { branch: input.branch, count, commits: taken.map(lineOf) })] : [],
    interruption: interruptionOf(input),
    notRolledBack: [],
    notChecked:
      input.deploy && !input.deploy.observe ? [note('git-deploy-unseen', { by: deployName(input.deploy) })] : [],
    warnings: input.deploy ? [] : [note('git-pushed-only', { branch: input.branch })],
    expectedMs: input.deploy ? 30_000 : 5_000,
  };
}

interface Found {
  readonly tip: string;
  readonly tipTree: string;
  readonly good: { readonly sha: string; readonly tree: string };
  readonly version: string;
}

/** What is pushed and deployed, forth and back. */
interface Bodies {
  readonly push: PushBody;
  readonly unpush: PushBody;
  readonly deploy: DeployBody | null;
  readonly redeploy: DeployBody | null;
}

/** Makes both commits in the bot's clone, so that their names are known and shown before anybody is asked. */
async function prepare(
  deps: GitDeps,
  context: PlanContext,
  input: RestoreInput,
  repository: Repository,
  found: Found,
): Promise<Bodies> {
  const { tip, tipTree, good, version } = found;
  const { remote, branch, credentials, author, deploy } = input;
  const at = Math.floor(deps.clock.now() / 1_000);
  const forth: CommitPlan = {
    tree: good.tree,
    parent: tip,
    message: restoreMessage(context, branch, found),
    author,
    at,
  };
  const commit = tipTree === good.tree ? tip : await makeCommit(repository, forth, context.signal);
  const back: CommitPlan = {
    tree: tipTree,
    parent: commit,
    message: undoMessage(context, branch, commit, tip),
    author,
    at,
  };
  const undo = await makeCommit(repository, back, context.signal);
  const place = { remote, branch, credentials };
  const before = context.from?.version ?? tip.slice(0, 12);
  return {
    push: { ...place, expect: tip, commits: [forth], commit, tree: good.tree },
    unpush: { ...place, expect: commit, commits: [forth, back], commit: undo, tree: tipTree },
    deploy: deploy && { deploy, branch, commit, tree: good.tree, version },
    redeploy: deploy && { deploy, branch, commit: undo, tree: tipTree, version: before },
  };
}

async function compile(
  deps: GitDeps,
  context: PlanContext,
  input: RestoreInput,
  repository: Repository,
  found: Found,
): Promise<OperationDraft[]> {
  const { branch, deploy } = input;
  const { tip, tipTree, good, version } = found;
  const bodies = await prepare(deps, context, input, repository, found);
  const facts = { branch, version, commit: good.sha.slice(0, 12), by: deploy ? deployName(deploy) : '' };
  const served = deploy === null;
  const repeatable = deploy?.idempotent === true;
  const draft = (body: Body, code: string, idempotent: boolean, diff = '') => ({
    object: body.action === 'push' ? `branch ${branch}` : `deployment of ${branch}`,
    body: body as unknown as JsonObject,
    preview: { summary: note(code, facts), diff },
    idempotent,
  });
  const diff = await repository.ask(['diff', '--stat=100', '--end-of-options', tip, good.sha], {
    signal: context.signal,
  });
  const back: Body = { action: 'push', push: bodies.unpush, followedBy: bodies.redeploy, served };
  const pushing: OperationDraft = {
    ...draft({ action: 'push', push: bodies.push, followedBy: null, served }, 'git-restores', false, diff),
    fingerprint: tipHash(input, tip),
    inverse: draft(back, 'git-puts-back', repeatable),
  };
  const there = tipTree === good.tree;
  if (!bodies.deploy) return there ? [] : [pushing];
  const seen = await observeDeploy(deps, context, bodies.deploy);
  // The branch has the tree already: only what is seen not to run is deployed, and there is no branch to put back.
  if (there && seen.state !== 'not-applied') return [];
  const deploying: OperationDraft = {
    ...draft({ action: 'deploy', deploy: bodies.deploy }, 'git-deploys', repeatable),
    fingerprint: seen.fingerprint,
    inverse: there ? null : draft({ action: 'with-push', branch }, 'git-deploy-with-branch', true),
  };
  return there ? [deploying] : [pushing, deploying];
}

function restoreMessage(context: PlanContext, branch: string, { tip, good, version }: Found): string {
  const from = context.from?.version ?? tip.slice(0, 12);
  return [
    `Restore ${version} on ${branch}`,
    '',
    `The tree of ${good.sha} in place of that of ${tip} (${from}).`,
    '',
    `Backout-Run: ${context.run}`,
    `${restoresTrailer}: ${good.sha}`,
    '',
  ].join('\n');
}

function undoMessage(context: PlanContext, branch: string, commit: string, tip: string): string {
  return [
    `Put ${branch} back as it was before a restore`,
    '',
    `The tree of ${tip} in place of that of ${commit}.`,
    '',
    `Backout-Run: ${context.run}`,
    `${restoresTrailer}: ${tip}`,
    '',
  ].join('\n');
}

function lineOf(commit: Commit): string {
  return `${commit.sha.slice(0, 10)} ${commit.author}: ${commit.subject}`.slice(0, 120);
}

function interruptionOf({ deploy }: RestoreInput): Interruption {
  const ms = deploy ? parseDuration(deploy.gap) : null;
  if (ms !== null) return { kind: 'gap', ms };
  return { kind: deploy?.gap === 'none' ? 'none' : 'unknown' };
}

async function observe(deps: GitDeps, context: StepContext, body: Body): Promise<Observation> {
  if (body.action === 'with-push')
    return { state: 'applied', fingerprint: '', note: note('git-deploy-with-branch', { branch: body.branch }) };
  if (body.action === 'deploy') return observeDeploy(deps, context, body.deploy);
  const pushed = await observePush(deps, body.push, context.signal);
  if (pushed.state !== 'applied' || !body.followedBy) return pushed;
  return { ...(await observeDeploy(deps, context, body.followedBy)), fingerprint: pushed.fingerprint };
}

function byHand(body: Body): readonly string[] {
  if (body.action === 'with-push') return [];
  const deploy = body.action === 'deploy' ? body.deploy : body.followedBy;
  const { push } = body.action === 'push' ? body : { push: null };
  return [
    ...(push
      ? [
          `git push ${push.remote} "$(git commit-tree ${push.tree} -p ${push.expect} -m Restore)":refs/heads/${push.branch}`,
        ]
      : []),
    ...(deploy
      ? ['argv' in deploy.deploy ? deploy.deploy.argv.join(' ') : `curl -X POST ${deploy.deploy.webhook}`]
      : []),
  ];
}
