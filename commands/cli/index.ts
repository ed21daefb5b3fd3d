import { Refusal, reason } from '../../src/domain/reason.ts';
import type { Reply } from '../../src/ports/inbound.ts';
import { helpTopics } from '../../templates/data.ts';
import { fileForTerminal, forTerminal, helpReply, refusal } from '../../templates/index.ts';
import { programNames, usageText } from '../../templates/terminal.ts';
import { commands } from '../index.ts';
import { type CommandLine, readArguments } from './arguments.ts';
import { type CliDeps, type Engine, exitCodes } from './deps.ts';
import { followRun } from './follow.ts';
import { tellLogs } from './logs.ts';
import { programs } from './programs.ts';

/** How long a command may take, in ms: nobody waits for a terminal as Slack does, but the store has to answer. */
const answerWithinMs = 10_000;

/** Runs the command line with the arguments after the program's name; answers the exit code. */
export async function runCli(deps: CliDeps, argv: readonly string[]): Promise<number> {
  const line = readArguments(argv);
  if (line.version) {
    deps.out(deps.version);
    return exitCodes.ok;
  }
  if (line.name === null || line.help || line.name === 'help') return help(deps, line);
  const program = programNames.find(name => name === line.name);
  if (program) return await programs[program](deps, line);
  try {
    return await command(deps, line);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    deps.err(forTerminal(refusal(deps.locale, { reason: cause.reason }).text));
    return cause.reason.code === 'not-confirmed' ? exitCodes['not-confirmed'] : exitCodes.refused;
  }
}

function help(deps: CliDeps, { args, name }: CommandLine): number {
  const [typed] = name === 'help' ? args : [];
  const topic = helpTopics.find(known => known === typed);
  if (topic) {
    deps.out(forTerminal(helpReply(deps.locale, { topic, command: 'backout' }).text));
    return exitCodes.ok;
  }
  const usages = Object.entries(commands).filter(([key]) => !(programNames as readonly string[]).includes(key));
  deps.out(
    usageText(
      deps.locale,
      usages.map(([, { usage }]) => usage),
      helpTopics,
    ),
  );
  return typed === undefined ? exitCodes.ok : exitCodes.usage;
}

async function command(deps: CliDeps, line: CommandLine): Promise<number> {
  const account = deps.account() ?? '?';
  const engine = await inTime(deps, deps.open());
  if (!engine) throw new Refusal(reason('not-confirmed'));
  try {
    const reply = await engine.routes
      .command({
        visitor: { via: 'cli', account },
        text: line.text,
        channel: null,
        thread: null,
        requestId: deps.requestId(),
        canOpenForm: false,
        answerBy: deps.clock.now() + answerWithinMs,
      })
      .catch(async (failure: unknown): Promise<Reply> => {
        deps.trouble(failure);
        const screen = await engine.routes.failed({ via: 'cli', account }, failure);
        return { kind: 'say', screen, to: 'person', outcome: 'not-confirmed' };
      });
    return await answer(deps, engine, line, reply);
  } finally {
    await inTime(deps, engine.close());
  }
}

/** How long the store may take to be there, and to let go again, in ms: a terminal never hangs on it. */
const storeWithinMs = 5_000;

/** What a promise comes to, or null where it takes too long. */
async function inTime<T>(deps: CliDeps, promise: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  try {
    return await Promise.race([promise, deps.pause(storeWithinMs, over.signal).then(() => null)]);
  } finally {
    over.abort();
  }
}

async function answer(deps: CliDeps, engine: Engine, line: CommandLine, reply: Reply): Promise<number> {
  if (reply.kind !== 'say') return exitCodes.usage;
  const { outcome = 'ok', screen, run, data } = reply;
  const good = outcome === 'ok';
  if (good && run && isLogs(line.name) && !line.json) return await tellLogs(deps, engine, run);
  if (line.json) deps.out(JSON.stringify({ outcome, ...(run ? { run } : {}), ...(data ? { data } : {}) }));
  else (good ? deps.out : deps.err)(forTerminal(screen.text));
  if (screen.file && !line.json) deps.out(fileForTerminal(screen.file.content));
  return good && run && line.watch ? await followRun(deps, engine, run) : exitCodes[outcome];
}

/** Whether `logs` was typed, by any of its names. */
const isLogs = (name: string | null): boolean =>
  name !== null && ['logs', ...(commands.logs?.also ?? [])].includes(name.toLowerCase());
