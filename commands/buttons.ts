import { parseButtonValue } from '../src/domain/button.ts';
import { parseProposalId, parseRunId, type RunId } from '../src/domain/ids.ts';
import { proposalPost } from '../src/domain/post.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { ButtonPress, FormSubmission, Reply } from '../src/ports/inbound.ts';
import type { ActionId, FormId } from '../templates/ids.ts';
import { fieldError, reasonForm } from '../templates/index.ts';
import { did, shown } from './answers.ts';
import { namedRun, readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { checkReason, openForm, redrawForm, seedOfProposal } from './form.ts';
import { askForLogs } from './logs.ts';
import { castVote, resolveAndSay, stopAndSay, tickAndSay, undoAndSay } from './on-run.ts';
import { readSeed } from './seed.ts';
import { knownBad, mustBeLatest } from './undo.ts';
import { mustHold, type Visit } from './visit.ts';
import { watchRun } from './watch.ts';

type Press = (deps: DoorDeps, visit: Visit, press: ButtonPress) => Promise<Reply>;
type Submit = (deps: DoorDeps, visit: Visit, submission: FormSubmission) => Promise<Reply>;

/** The run that a press is about, where its value names one. */
export function pressedRun({ value }: Pick<ButtonPress, 'value'>): RunId | null {
  const read = parseButtonValue(value);
  return read && parseRunId(read.id);
}

/** A pressed button's run, and the version it was drawn from. */
function pressed(value: string): { readonly run: RunId; readonly drawn: number; readonly extra: string } {
  const read = parseButtonValue(value);
  const run = read ? parseRunId(read.id) : null;
  if (!read || !run) throw new Refusal(reason('stale-card'));
  return { run, drawn: read.version, extra: read.extra };
}

/** Every button of every message, by action id. */
export const buttons: Readonly<Record<ActionId | 'select-service' | 'select-environment', Press>> = {
  'run-approve': (deps, visit, { value }) =>
    castVote(deps, visit, { ...pressed(value), decision: 'approve', reason: null }),
  'run-reject': askReason('reject'),
  'run-diff': async (deps, visit, { value }) =>
    shown(deps, visit, await namedRun(deps, visit, pressed(value).run), 'diff'),
  'run-cancel': (deps, visit, { value }) => stopAndSay(deps, visit, pressed(value).run, null),
  'run-stop': askReason('stop'),
  'run-undo': askReason('undo'),
  'run-open': async (deps, visit, { value }) => shown(deps, visit, await namedRun(deps, visit, pressed(value).run)),
  'run-notify': async (deps, visit, { value }) => {
    const { run } = pressed(value);
    const over = await watchRun(deps, visit, run);
    return over ? shown(deps, visit, await readRun(deps, run)) : did(visit, 'will-notify', {}, run);
  },
  'run-logs': async (deps, visit, { value }) => {
    await mustHold(deps, visit, 'request');
    return askForLogs(deps, visit, pressed(value).run);
  },
  'run-replace': (deps, visit, { value }) => openForm(deps, visit, readSeed(value), null),
  'operator-continue': (deps, visit, { value }) =>
    resolveAndSay(deps, visit, { ...pressed(value), action: 'continue', reason: '' }),
  'operator-mark-done': askReason('mark-done'),
  'operator-put-back': askReason('put-back'),
  'operator-next-level': askReason('next-level'),
  'operator-emergency': askReason('emergency'),
  'operator-close-partial': askReason('close-partial'),
  'check-pass': (deps, visit, { value }) => tick(deps, visit, value, true),
  'check-fail': (deps, visit, { value }) => tick(deps, visit, value, false),
  'proposal-take': async (deps, visit, { value }) => {
    const proposal = await proposalOf(deps, value);
    if (proposal.status === 'taken' && proposal.run) return shown(deps, visit, await readRun(deps, proposal.run));
    if (proposal.status !== 'open') throw new Refusal(reason('stale-card'));
    return openForm(deps, visit, seedOfProposal(proposal), null);
  },
  'proposal-dismiss': async (deps, visit, { value }) => {
    const proposal = await proposalOf(deps, value);
    await mustHold(deps, visit, 'request');
    const closed = await deps.alerts.close(proposal.id, proposal.version, 'dismissed', null, [
      proposalPost(proposal.id),
    ]);
    if (!closed) throw new Refusal(reason('stale-card'));
    deps.doorbell.ringRelay();
    return did(visit, 'dismissed', { target: proposal.target });
  },
  'form-open': (deps, visit, { value }) => openForm(deps, visit, readSeed(value), null),
  'select-service': redrawForm,
  'select-environment': redrawForm,
};

/** Every form by id, save the request form. */
export const reasonForms: Readonly<Record<Exclude<FormId, 'request'>, Submit>> = {
  reject: withReason((deps, visit, { run, drawn: seen }, why) =>
    castVote(deps, visit, { run, decision: 'reject', reason: why, drawn: seen }),
  ),
  stop: withReason((deps, visit, { run }, why) => stopAndSay(deps, visit, run, why)),
  undo: withReason((deps, visit, { run }, why) => undoAndSay(deps, visit, run, why)),
  'mark-done': decides('mark-done'),
  'put-back': decides('put-back'),
  'next-level': decides('next-level'),
  emergency: decides('emergency'),
  'close-partial': decides('close-partial'),
};

type Acting = ReturnType<typeof pressed>;

function withReason(act: (deps: DoorDeps, visit: Visit, on: Acting, why: string) => Promise<Reply>): Submit {
  return async (deps, visit, { metadata, values }) => {
    const { text, problem } = checkReason(values.reason);
    if (problem) return { kind: 'form-errors', errors: { reason: fieldError(visit.locale, problem) } };
    return await act(deps, visit, pressed(metadata), text);
  };
}

function decides(action: 'mark-done' | 'put-back' | 'next-level' | 'emergency' | 'close-partial'): Submit {
  return withReason((deps, visit, { run, drawn: seen }, why) =>
    resolveAndSay(deps, visit, { run, action, reason: why, drawn: seen }),
  );
}

/** A button that asks for a reason first: who may not, or comes too late, is told before they write one. */
function askReason(form: Exclude<FormId, 'request'>): Press {
  return async (deps, visit, { value }) => {
    const { run } = await namedRun(deps, visit, pressed(value).run);
    if (form === 'undo') {
      await mustHold(deps, visit, 'undo');
      await mustBeLatest(deps, run);
    } else if (form !== 'reject' && form !== 'stop') await mustHold(deps, visit, 'resolve');
    const bad = form === 'undo' ? await knownBad(deps, run) : null;
    return { kind: 'form', form: reasonForm(visit.locale, form, { run, metadata: value, knownBad: bad }) };
  };
}

async function tick(deps: DoorDeps, visit: Visit, value: string, passed: boolean): Promise<Reply> {
  const { run, extra } = pressed(value);
  return await tickAndSay(deps, visit, { run, index: Number(extra), passed });
}

async function proposalOf(deps: DoorDeps, value: string) {
  const read = parseButtonValue(value);
  const id = read ? parseProposalId(read.id) : null;
  const proposal = id ? await deps.alerts.proposal(id) : null;
  if (!proposal) throw new Refusal(reason('stale-card'));
  return proposal;
}
