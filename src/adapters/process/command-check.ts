import type { CheckOutcome } from '../../domain/check.ts';
import { parseDuration } from '../../domain/duration.ts';
import { unmet } from '../../domain/expectation.ts';
import type { Json } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Check, CheckContext } from '../../ports/check.ts';
import type { CommandDeps } from './command-executor.ts';
import { type CommandCheckInput, commandCheckInput } from './command-input.ts';
import { lastLines, readEnvironment } from './environment.ts';

/** One question may take so long, in ms, before it counts as not passed. */
const askMs = 30_000;

/** The check that asks a program of the catalogue's: its exit code, and fields of the JSON it prints. */
export function createCommandCheck(deps: CommandDeps & { readonly clock: { now(): number } }): Check {
  return {
    kind: 'command',
    start: (context, raw) => {
      const input = commandCheckInput.parse(raw);
      const every = parseDuration(input.every) ?? 0;
      let attempts = 0;
      let next = 0;
      let last: CheckOutcome = { status: 'waiting', note: note('check-begins') };
      return async () => {
        if (deps.clock.now() < next) return last;
        const problem = await ask(deps, context, input);
        attempts += 1;
        next = deps.clock.now() + every;
        const command = input.argv.join(' ');
        if (!problem) last = { status: 'passed', note: note('command-check-passed', { command }) };
        else last = { status: attempts >= input.attempts ? 'failed' : 'waiting', note: problem };
        return last;
      };
    },
  };
}

async function ask(deps: CommandDeps, context: CheckContext, input: CommandCheckInput): Promise<Note | null> {
  const { env, secrets } = await readEnvironment(deps.readSecret, input.env);
  const run = await deps.processes.run({
    argv: input.argv,
    env,
    secrets,
    signal: context.signal,
    timeoutMs: askMs,
    ...(input.cwd ? { cwd: input.cwd } : {}),
  });
  const command = input.argv.join(' ');
  if (run.timedOut || run.aborted) return note('command-check-no-answer', { command, ms: run.ms }, lastLines(run));
  if (run.exitCode !== input.exitCode)
    return note('command-check-exit', { command, exitCode: run.exitCode ?? run.signal ?? '?' }, lastLines(run));
  if (input.json.length === 0) return null;
  let printed: Json;
  try {
    printed = JSON.parse(run.stdout) as Json;
  } catch {
    return note('command-check-no-json', { command }, lastLines(run));
  }
  const wrong = unmet(printed, input.json);
  return wrong.length > 0 ? note('command-check-fields', { command, fields: wrong }) : null;
}
