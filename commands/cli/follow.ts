import type { RunEvent, RunEventKind } from '../../src/domain/event.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { replyPost } from '../../src/domain/post.ts';
import type { RunWithLog } from '../../src/domain/run.ts';
import { isFinal } from '../../src/domain/status.ts';
import { forTerminal, renderPost, showRun } from '../../templates/index.ts';
import { sayNote } from '../../templates/say.ts';
import { goesOnText, watchingText } from '../../templates/terminal.ts';
import type { RunView } from '../../templates/view.ts';
import { type CliDeps, type Engine, exitCodes } from './deps.ts';

/** How often the run is looked at, in ms. */
const everyMs = 500;

/** Events that say nothing to somebody who waits. */
const untold: ReadonlySet<RunEventKind> = new Set([
  'operation-begun',
  'operation-observed',
  'late-write',
  'recorded',
  'thread-moved',
  'watch-asked',
  'logs-asked',
  'logs-kept',
]);

/** Tells how a run goes until it is over, stops for a person or is left with Ctrl-C; its outcome is the exit code. */
export async function followRun(deps: CliDeps, engine: Engine, id: RunId): Promise<number> {
  const { locale } = deps;
  deps.err(watchingText(locale, id));
  let told = 0;
  let progress = '';
  for (;;) {
    const view = await look(deps, engine, id);
    if (view) {
      const fresh = view.run.events.filter(event => event.version > told);
      told = view.run.run.version;
      for (const event of fresh.filter(({ kind }) => !untold.has(kind))) tell(deps, view, event);
      const now = view.progress ? sayNote(view.progress, locale) : '';
      if (now !== '' && now !== progress) deps.out(forTerminal(`  ${now}`));
      progress = now;
      const { status } = view.run.run;
      if (isFinal(status) || status === 'needs-operator') {
        deps.out(forTerminal(showRun(view).text));
        return status === 'succeeded' || status === 'noop' ? exitCodes.ok : exitCodes.refused;
      }
    }
    if (deps.interrupted.aborted) {
      deps.err(goesOnText(locale, id));
      return exitCodes.ok;
    }
    await deps.pause(everyMs, deps.interrupted);
  }
}

/** The run as it is now; null where the store did not answer this time. */
async function look(deps: CliDeps, engine: Engine, id: RunId): Promise<RunView | null> {
  const run: RunWithLog | null = await engine.runs.read(id).catch(() => null);
  if (!run) return null;
  const catalogue = await engine.catalogues.byHash(run.run.request.catalogue).catch(() => null);
  const progress = await engine.runs.readProgress(id).catch(() => null);
  return { kind: 'run', run, catalogue, progress, now: deps.clock.now(), locale: deps.locale };
}

function tell(deps: CliDeps, view: RunView, event: RunEvent): void {
  const [line = ''] = renderPost(replyPost(view.run.run.id, event.version, event.kind), view).text.split('\n');
  deps.out(forTerminal(line));
}
