import { emergencyStrategy, type Runbook, type TargetSpec } from '../domain/catalogue.ts';
import type { RunRequest } from '../domain/event.ts';
import type { Level } from '../domain/level.ts';
import type { Considered } from '../domain/plan.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { Freeze } from '../domain/release.ts';

/** A runbook to look at, and why it is out before anything is compiled; null where it is worth compiling. */
export interface Prospect {
  readonly runbook: Runbook;
  readonly out: Reason | null;
}

/**
 * Lists the runbooks that a request could mean, mildest level first: what was asked for, at or above the floor, allowed for the
 * scenario, not frozen; an emergency plan only where it was asked for by its name.
 */
export function prospects(
  target: TargetSpec,
  request: Pick<RunRequest, 'level' | 'strategy' | 'floor' | 'scenario'>,
  freeze: Freeze | null,
): readonly Prospect[] {
  return target.runbooks
    .filter(runbook => request.level === null || runbook.level === request.level)
    .filter(({ strategy }) =>
      request.strategy === null ? strategy !== emergencyStrategy : strategy === request.strategy,
    )
    .filter(runbook => runbook.level >= request.floor)
    .toSorted((a, b) => a.level - b.level)
    .map(runbook => ({ runbook, out: outOf(runbook, request.scenario, freeze, target) }));
}

function outOf(runbook: Runbook, scenario: string, freeze: Freeze | null, target: TargetSpec): Reason | null {
  if (runbook.scenarios && !runbook.scenarios.includes(scenario))
    return reason('no-runbook', { target: target.target, scenario });
  if (freeze?.levels.includes(runbook.level)) return frozenReason(freeze, runbook.level);
  return null;
}

/** The reason a frozen level is refused with. */
export function frozenReason(freeze: Freeze, level: Level): Reason {
  const { target, by, until } = freeze;
  const facts = { target, levels: String(level), by, reason: freeze.reason };
  return reason('frozen', until === null ? facts : { ...facts, until: new Date(until).toISOString() });
}

/** The reason a run ends with when no runbook could be taken: what kept the mildest one that was worth compiling. */
export function tellingReason(considered: readonly Considered[], target: TargetSpec, scenario: string): Reason {
  const reasons = considered.flatMap(({ why }) => why ?? []);
  const weight = ({ code }: Reason) => (code === 'no-runbook' ? 2 : code === 'nothing-to-change' ? 1 : 0);
  return (
    reasons.toSorted((a, b) => weight(a) - weight(b))[0] ?? reason('no-runbook', { target: target.target, scenario })
  );
}
