import { reason } from '../src/domain/reason.ts';
import type { Reply } from '../src/ports/inbound.ts';
import { helpTopics } from '../templates/data.ts';
import {
  candidatesReply,
  doctorReply,
  gateReply,
  helpReply,
  historyReply,
  problemsReply,
  releaseReply,
  reloadedReply,
  started,
  statusReply,
} from '../templates/index.ts';
import { declined, did, shownBusy } from './answers.ts';
import type { DoorDeps } from './deps.ts';
import { findings, isWell } from './doctor.ts';
import { targetOf } from './find.ts';
import { candidatesData, historyData, releaseData, statusData } from './look.ts';
import type { Ask } from './parse/reading.ts';
import { freezeTarget, gateData, gradeRelease, holdRelease, releaseHold } from './releases.ts';
import type { Visit } from './visit.ts';

/** `status [SERVICE [in ENV]]`. */
export async function showStatus(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const data = await statusData(deps, visit, ask);
  return { kind: 'say', screen: statusReply(visit.locale, data), to: 'person', data };
}

/** `history [SERVICE [in ENV]]`. */
export async function showHistory(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const data = await historyData(deps, ask);
  return { kind: 'say', screen: historyReply(visit.locale, data), to: 'person', data };
}

/** `candidates SERVICE [in ENV]`. */
export async function showCandidates(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const data = await candidatesData(deps, ask);
  return { kind: 'say', screen: candidatesReply(visit.locale, data), to: 'person', data };
}

/** `show SERVICE [in ENV] RELEASE`. */
export async function showRelease(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const data = await releaseData(deps, ask);
  return { kind: 'say', screen: releaseReply(visit.locale, data), to: 'person', data };
}

/** `gate SERVICE [in ENV] RELEASE`. */
export async function showGate(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const data = await gateData(deps, ask);
  return {
    kind: 'say',
    screen: gateReply(visit.locale, data),
    to: 'person',
    outcome: data.stop ? 'refused' : 'ok',
    data,
  };
}

/** `grade SERVICE [in ENV] RELEASE good|bad because …`. */
export async function grade(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const { target, release } = await gradeRelease(deps, visit, ask);
  const given = ask.grade === 'good' ? 'verified' : 'bad';
  return did(visit, 'graded', {
    target: target.target,
    release: release.version,
    grade: given,
    reason: ask.reason ?? '',
  });
}

/** `hold SERVICE [in ENV] RELEASE because …`. */
export async function hold(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const { target, release } = await holdRelease(deps, visit, ask);
  return did(visit, 'hold-set', { target: target.target, release: release.version, reason: ask.reason ?? '' });
}

/** `release-hold SERVICE [in ENV] [RELEASE]`. */
export async function unhold(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const released = await releaseHold(deps, visit, ask);
  if (released.kind === 'released') {
    const { target, version } = released;
    return did(visit, 'hold-released', { target: target.target, release: version });
  }
  const { started: begun, of } = released;
  if (begun.kind === 'busy') return await shownBusy(deps, visit, begun.id, {});
  const { target, channel } = of.request;
  const data = { run: begun.id, target, channel: visit.visitor.via === 'slack' ? channel : null, resumes: of.id };
  return { kind: 'say', screen: started(visit.locale, data), to: 'person', run: begun.id, data };
}

/** `freeze SERVICE [in ENV] [for TIME | until TIME] [level N] because …`. */
export async function freeze(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const { target, until, levels, reason: why } = await freezeTarget(deps, visit, ask);
  const facts = { target, reason: why, ...(until === null ? {} : { until }) };
  return did(visit, 'frozen', levels.length > 0 ? { ...facts, levels: levels.map(String) } : facts);
}

/** `unfreeze SERVICE [in ENV]`: the same answer where it was not frozen. */
export async function unfreeze(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const { target } = targetOf(ask);
  await deps.releases.unfreeze(target);
  return did(visit, 'unfrozen', { target });
}

/** How long `doctor` looks, in ms: it has to answer before Slack gives up. */
const doctorMs = 2_000;

/** `doctor`: what works, what does not and what to do about it, as far as it can be seen in time. */
export async function showDoctor(deps: DoorDeps, visit: Visit): Promise<Reply> {
  const found = await findings(deps.probes, { locale: visit.locale, ms: doctorMs });
  const screen = doctorReply(visit.locale, found);
  return { kind: 'say', screen, to: 'person', outcome: isWell(found) ? 'ok' : 'refused', data: { findings: found } };
}

/** `reload`: reads the catalogue again; an invalid one is told with all its problems and changes nothing. */
export async function reload(deps: DoorDeps, visit: Visit): Promise<Reply> {
  const answer = await deps.reload();
  if (answer.kind === 'reloaded')
    return { kind: 'say', screen: reloadedReply(visit.locale, answer.data), to: 'person', data: answer.data };
  const screen = problemsReply(visit.locale, answer.data);
  return { kind: 'say', screen, to: 'person', outcome: 'refused', data: answer.data };
}

/** `help [TOPIC]`. */
export async function showHelp(_deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const topic = ask.topic === null ? null : (helpTopics.find(known => known === ask.topic) ?? null);
  if (ask.topic !== null && topic === null)
    return declined(visit.locale, { reason: reason('bad-argument', { token: ask.topic }), nearest: helpTopics });
  const command = visit.visitor.via === 'cli' ? 'backout' : '/rollback';
  const screen = helpReply(visit.locale, { topic: topic, command });
  return { kind: 'say', screen, to: 'person' };
}
