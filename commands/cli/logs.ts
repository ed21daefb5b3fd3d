import type { RunId } from '../../src/domain/ids.ts';
import { logsPost } from '../../src/domain/post.ts';
import { fileForTerminal, forTerminal } from '../../templates/index.ts';
import { notLookedText, watchingText } from '../../templates/terminal.ts';
import { patienceMs } from '../logs.ts';
import { type CliDeps, type Engine, exitCodes } from './deps.ts';

/** How often it is seen whether a worker has looked, in ms. */
const everyMs = 200;

/** Waits until a worker has looked, and tells what it saw: Slack may be what is down, and with it the thread. */
export async function tellLogs(deps: CliDeps, engine: Engine, id: RunId): Promise<number> {
  deps.err(watchingText(deps.locale, id));
  const until = deps.clock.now() + patienceMs;
  while (deps.clock.now() < until && !deps.interrupted.aborted) {
    const found = await engine.runs.read(id).catch(() => null);
    const asked = found?.events.findLast(event => event.kind === 'logs-asked')?.version ?? 0;
    const kept = found?.events.find(event => event.kind === 'logs-kept' && event.asked === asked);
    const screen = kept ? await engine.draw(logsPost(id, asked)).catch(() => null) : null;
    if (screen) {
      const { file, text } = screen;
      if (file) deps.out(fileForTerminal(file.content));
      else deps.err(forTerminal(text));
      return file ? exitCodes.ok : exitCodes.refused;
    }
    await deps.pause(everyMs, deps.interrupted);
  }
  deps.err(notLookedText(deps.locale, id));
  return exitCodes['not-confirmed'];
}
