import { type Reason, reason } from '../src/domain/reason.ts';
import type { Reply, TypedCommand } from '../src/ports/inbound.ts';
import { refusal } from '../templates/index.ts';
import type { DoorDeps } from './deps.ts';
import { environmentFacts } from './find.ts';
import type { Command } from './index.ts';
import type { Ask } from './parse/reading.ts';
import { type Part, parse, requestCommand } from './parse.ts';
import { mustBeListed, mustHold, together, type Visit } from './visit.ts';

/** Reads what was typed, asks whether the person may, and does it; what was not understood or is missing is said all at once. */
export async function answerTyped(
  deps: DoorDeps,
  visit: Visit,
  typed: TypedCommand,
  commands: Readonly<Record<string, Command>>,
): Promise<Reply> {
  const { via } = typed.visitor;
  const offered = Object.fromEntries(Object.entries(commands).filter(([, { door = via }]) => door === via));
  const { ask, problems, missing } = parse(typed.text, offered, visit.catalogue, via === 'slack');
  const command = offered[ask.command];
  if (!command) return notUnderstood(visit, [reason('bad-argument', { token: ask.command })]);
  if (!command.open) mustBeListed(visit);
  if (problems.length > 0) return notUnderstood(visit, problems);
  if (command.permission) await mustHold(deps, visit, command.permission);
  // A request that is not complete opens the form filled in, so its handler sees what is missing.
  if (missing.length > 0 && ask.command !== requestCommand)
    return notUnderstood(
      visit,
      missing.map(part => missingReason(part, ask)),
    );
  return await command.run(deps, visit, ask, typed);
}

/** Says everything that was not understood. */
export function notUnderstood(visit: Visit, problems: readonly Reason[]): Reply {
  const screens = problems.map(problem => refusal(visit.locale, { reason: problem }));
  return { kind: 'say', screen: together(screens), to: 'person', outcome: 'usage', data: { problems } };
}

const partWords: Partial<Readonly<Record<Part, string>>> = { grade: 'good | bad', box: 'N', answer: 'yes | no' };

/** Says which part of a command is missing. */
export function missingReason(part: Part, ask: Ask): Reason {
  if (part === 'environment') return reason('environment-needed', environmentFacts(ask));
  if (part === 'reason') return reason('reason-needed');
  return reason('bad-argument', { missing: partWords[part] ?? part.toUpperCase() });
}
