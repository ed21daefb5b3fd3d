import { ulid } from 'ulid';
import { targetFor } from '../src/detect/environment.ts';
import { mayPropose, proposalFor, speaksAgainst, suspectOf } from '../src/detect/proposal.ts';
import type { Alert, Episode, Proposal } from '../src/domain/alert.ts';
import type { Catalogue, TargetSpec } from '../src/domain/catalogue.ts';
import { parseProposalId, type TargetId } from '../src/domain/ids.ts';
import { proposalPost } from '../src/domain/post.ts';
import type { ToldDeployment } from '../src/domain/release.ts';
import { listCandidates } from '../src/plan/candidates.ts';
import type { AlertStore, RawIntake } from '../src/ports/alert-store.ts';
import type { Doorbell } from '../src/ports/doorbell.ts';
import type { Log } from '../src/ports/log.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { RunStore } from '../src/ports/run-store.ts';

/** What the intake works bodies off with. */
export interface IntakeDeps {
  readonly alerts: AlertStore;
  readonly releases: ReleaseStore;
  readonly runs: Pick<RunStore, 'openRun' | 'now'>;
  readonly catalogue: () => Catalogue;
  readonly doorbell: Pick<Doorbell, 'ringRelay'>;
  /** Reads a parsed body of Alertmanager; null where it is none. */
  readonly readAlerts: (
    parsed: unknown,
    source: string,
    receivedAt: number,
  ) => { readonly alerts: readonly Alert[] } | null;
  /** Reads a parsed body of a deployment hook; null where it is none. */
  readonly readDeployment: (parsed: unknown, receivedAt: number) => ToldDeployment | null;
  readonly log: Log;
}

/** How many bodies one pass takes, and how long it may work at them before another process gets them, in ms. */
const atOnce = 10;
const leaseMs = 60_000;

/** Works off the bodies that wait, oldest first, until none is left; answers how many. A body that fails is handed out again later. */
export async function workIntake(deps: IntakeDeps): Promise<number> {
  let worked = 0;
  for (;;) {
    const waiting = await deps.alerts.claim(atOnce, leaseMs);
    for (const intake of waiting) {
      try {
        await workOff(deps, intake);
        await deps.alerts.done(intake.id);
        worked += 1;
      } catch (failure) {
        deps.log.error(
          { intake: intake.id, door: intake.door, err: failure },
          'A webhook body could not be worked off',
        );
      }
    }
    if (waiting.length < atOnce) return worked;
  }
}

async function workOff(deps: IntakeDeps, { id, door, name, receivedAt, body }: RawIntake): Promise<void> {
  const parsed: unknown = JSON.parse(body);
  if (door === 'deployments') {
    const told = deps.readDeployment(parsed, receivedAt);
    if (told) return takeDeployment(deps, told);
  } else {
    const told = deps.readAlerts(parsed, name, receivedAt);
    if (told) return takeAlerts(deps, told.alerts, receivedAt);
  }
  deps.log.warn({ intake: id, door, hook: name, length: body.length }, 'A webhook body has not the form of its door');
}

async function takeAlerts(deps: IntakeDeps, alerts: readonly Alert[], receivedAt: number): Promise<void> {
  const quiet = new Set<TargetId>();
  for (const alert of alerts) {
    const spec = targetFor(deps.catalogue(), alert.service, alert.environment);
    const { change, episode } = await deps.alerts.apply(alert, spec?.target ?? null, receivedAt);
    if (episode?.target && alert.status === 'resolved') quiet.add(episode.target);
    // A body that is worked off again after a crash finds the episode that it opened itself.
    const opened = change === 'opened' || (change === 'repeated' && episode?.receivedAt === receivedAt);
    if (!opened || !episode || !spec) continue;
    const { target } = spec;
    if (speaksAgainst(episode))
      await deps.releases.learn(target, [{ kind: 'alerting', firing: true, at: episode.startedAt }]);
    if (mayPropose(alert, target, receivedAt)) await propose(deps, spec, episode);
  }
  for (const target of quiet) await calmDown(deps, target);
}

/** Once nothing fires at a target any more its release soaks anew and its proposal is closed. */
async function calmDown(deps: IntakeDeps, target: TargetId): Promise<void> {
  const open = await deps.alerts.open(target);
  if (!open.some(speaksAgainst)) {
    await deps.releases.learn(target, [{ kind: 'alerting', firing: false, at: await deps.runs.now() }]);
  }
  if (open.length > 0) return;
  const proposal = await deps.alerts.openProposal(target);
  if (proposal) await close(deps, proposal);
}

async function close(deps: IntakeDeps, proposal: Proposal): Promise<void> {
  const closed = await deps.alerts.close(proposal.id, proposal.version, 'closed', null, [proposalPost(proposal.id)]);
  if (closed) deps.doorbell.ringRelay();
}

/** Offers a rollback in the target's channel; not where a run is at it already. */
async function propose(deps: IntakeDeps, spec: TargetSpec, episode: Episode): Promise<void> {
  const { target, lookBackMs } = spec;
  if (await deps.runs.openRun(target)) return;
  const [releases, holds, now] = await Promise.all([
    deps.releases.list(target),
    deps.releases.holds(target),
    deps.runs.now(),
  ]);
  const suspect = suspectOf(releases, episode.startedAt, lookBackMs);
  const question = { releases, observed: null, holds, suspect: suspect?.key ?? null, automatic: false, now };
  const candidates = listCandidates(question);
  const id = parseProposalId(ulid(now));
  if (!id) throw new Error('a ULID is no proposal id');
  const made = proposalFor({ id, target, episode, suspect, candidates, now });
  const opened = await deps.alerts.propose(made, spec.channel, [proposalPost(id)]);
  if (opened === id) deps.doorbell.ringRelay();
}

/** Learns a deployment; a proposal whose suspect is not live any more is closed: somebody else was at it. */
async function takeDeployment(deps: IntakeDeps, told: ToldDeployment): Promise<void> {
  const spec = targetFor(deps.catalogue(), told.service, told.environment);
  if (!spec) {
    const { service, environment } = told;
    return deps.log.info({ service, environment }, 'A deployment of something that the catalogue does not name');
  }
  const { key, version, identity, status, by, at, url } = told;
  await deps.releases.learn(spec.target, [{ kind: 'deployed', key, version, identity, status, by, at, url }]);
  if (status !== 'succeeded') return;
  const proposal = await deps.alerts.openProposal(spec.target);
  if (!proposal?.suspect) return;
  const releases = await deps.releases.list(spec.target);
  const live = releases.find(release => release.spans.at(-1)?.until === null);
  if (live && live.key !== proposal.suspect.key && (live.spans.at(-1)?.from ?? 0) > proposal.createdAt)
    await close(deps, proposal);
}

/** Works bodies off as they come in. */
export interface Intake {
  /** Says that bodies may wait; cheap, and one too many does nothing. */
  ring(): void;
  /** Takes nothing more and waits for what it is at. */
  stop(): Promise<void>;
}

/** How often it looks without being rung, in ms: for bodies that another process took in, or left behind. */
const lookEveryMs = 5_000;

/** Starts the intake of this process. */
export function startIntake(deps: IntakeDeps): Intake {
  let working: Promise<unknown> | null = null;
  let again = false;
  let stopped = false;
  const ring = () => {
    again = true;
    if (working || stopped) return;
    again = false;
    working = workIntake(deps)
      .catch(failure => deps.log.warn({ err: failure }, 'The intake cannot be read; it is tried again'))
      .finally(() => {
        working = null;
        if (again) ring();
      });
  };
  const timer = setInterval(ring, lookEveryMs);
  return {
    ring,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await working;
    },
  };
}
