import { refuseQuorum } from '../src/approve/quorum.ts';
import { findRule } from '../src/approve/rules.ts';
import { requesterOf } from '../src/approve/votes.ts';
import type { ApprovalRule } from '../src/domain/approval.ts';
import type { Catalogue } from '../src/domain/catalogue.ts';
import { targetParts } from '../src/domain/ids.ts';
import { cardPost, replyPost, rootPost } from '../src/domain/post.ts';
import { type Reason, reason } from '../src/domain/reason.ts';
import type { PlannedRun } from '../src/domain/run.ts';
import type { Change } from '../src/ports/run-store.ts';
import { readTarget } from './plan.ts';
import { endChange, type Held, type Stage, writeHeld } from './stage.ts';

/** Asks whoever the rule names for a planned run, or approves it where the rule asks nobody; a quorum that cannot be reached refuses before anybody is asked. */
export const askApproval: Stage = async (held, { run }) => {
  if (run.status !== 'planned') return 'on';
  if (run.request.mode === 'observe') return end(held, run, 'noop', reason('observe-only'));
  const { catalogue } = await readTarget(held, run);
  const rule = ruleFor(run, catalogue);
  if (!rule) return end(held, run, 'failed', reason('quorum-unreachable', { role: '-', needed: 1, have: 0 }));
  if (rule.seats.length === 0) return approveUnasked(held, run);
  const today = await held.deps.catalogues.current();
  const both = today && today.hash !== catalogue.hash ? [catalogue, today] : [catalogue];
  const unreachable = await refuseQuorum(held.deps, both, rule, requesterOf(run));
  if (unreachable) return end(held, run, 'failed', unreachable);
  await writeHeld(held, run, askChange(run, rule));
  await held.deps.crashPoint('approval-asked', run.id);
  return 'rest';
};

function ruleFor(run: PlannedRun, catalogue: Catalogue): ApprovalRule | null {
  const { plan, request } = run;
  const undo = request.undoOf !== null;
  return findRule(catalogue, {
    ...targetParts(plan.target),
    level: plan.level,
    scenario: request.scenario,
    to: plan.to,
    undo,
  });
}

function askChange(run: PlannedRun, rule: ApprovalRule): Change {
  const { withinMs, remindBeforeMs } = rule;
  const remind = withinMs - remindBeforeMs;
  return {
    events: [
      {
        kind: 'approval-asked',
        rule,
        withinMs,
        planFingerprint: run.plan.fingerprint,
        status: 'awaiting-approval',
      },
    ],
    setTimers: { expire: withinMs, ...(remindBeforeMs > 0 && remind > 0 ? { remind } : {}) },
    posts: [rootPost(run.id), cardPost(run.id)],
  };
}

/** A level that needs no human runs at once; one that nobody asked for either needs a store that keeps what it is told. */
async function approveUnasked(held: Held, run: PlannedRun): Promise<'on'> {
  const refusal = run.request.by.kind === 'system' ? held.deps.refuseAutomatic() : null;
  if (refusal) return end(held, run, 'failed', refusal);
  await writeHeld(held, run, {
    events: [{ kind: 'approved', status: 'approved' }],
    posts: [rootPost(run.id), cardPost(run.id), replyPost(run.id, run.version + 1, 'approved')],
  });
  return 'on';
}

async function end(held: Held, run: PlannedRun, status: 'failed' | 'noop', cause: Reason): Promise<'on'> {
  await writeHeld(held, run, endChange(held.deps, run, status, cause));
  await held.deps.crashPoint('run-ended', run.id);
  return 'on';
}
