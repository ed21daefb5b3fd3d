import type { Environment } from '../config/env.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { type CatalogueHolder, holdCatalogue, readCatalogueFile } from '../config/reload.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { TargetId } from '../domain/ids.ts';
import { targetParts } from '../domain/ids.ts';
import type { Catalogues } from '../ports/catalogues.ts';
import type { Log } from '../ports/log.ts';
import { catalogueTables } from './tables.ts';

/** Problems with what Backout was started with: told all at once, and the program ends with 1. */
export class StartProblems extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'StartProblems';
    this.problems = problems;
  }
}

/** Today's catalogue of this process. */
export interface Today {
  /** Null only in a worker before a bot published one. */
  current(): Catalogue | null;
  /** How long a release of a target must soak, in ms. */
  soakMs(target: TargetId): number;
  /** The holder that reads the file again; null in a worker, which takes what the bot published. */
  readonly holder: CatalogueHolder | null;
  stop(): void;
}

const hourMs = 3_600_000;

function soakOf(catalogue: Catalogue | null, target: TargetId): number {
  const { service, environment } = targetParts(target);
  return catalogue?.services[service]?.environments[environment]?.soakMs ?? hourMs;
}

/** Reads the catalogue's file, whole; throws `StartProblems` with every problem where it is not valid. */
export async function readOrRefuse(file: string, log: Log): Promise<Catalogue> {
  const read = await readCatalogueFile(catalogueTables, file);
  if (!read.ok) throw new StartProblems(read.problems.map(formatProblem));
  warn(read.warnings, log);
  return read.catalogue;
}

function warn(warnings: readonly Problem[], log: Log): void {
  for (const warning of warnings) log.warn({ catalogue: warning.file }, formatProblem(warning));
}

/** The catalogue of a process that reads the file itself and publishes it. */
export async function todayFromFile(
  env: Environment,
  first: Catalogue,
  catalogues: Catalogues,
  log: Log,
): Promise<Today> {
  const publish = (catalogue: Catalogue) => catalogues.publish(catalogue);
  await publish(first).catch(failure => log.warn({ err: failure }, 'The catalogue could not be published yet'));
  const holder = holdCatalogue({ tables: catalogueTables, file: env.BACKOUT_CATALOG, publish }, first);
  const onHangUp = (): void => {
    holder.reload().then(
      reloaded => {
        if (reloaded.kind === 'kept') {
          log.error(
            { problems: reloaded.problems.map(formatProblem) },
            'The catalogue is not valid; the one before stays in force',
          );
        } else
          log.info(
            { hash: reloaded.catalogue.hash, changed: reloaded.kind === 'changed' },
            'The catalogue was read again',
          );
      },
      failure => log.error({ err: failure }, 'The catalogue could not be published; the one before stays in force'),
    );
  };
  process.on('SIGHUP', onHangUp);
  // A Redis that was away at start gets the catalogue when it is back; what another process published is taken over.
  const look = setInterval(() => {
    catalogues.current().then(
      async known => {
        if (known === null) await publish(holder.current());
        else if (known.hash !== holder.current().hash) holder.adopt(known);
      },
      () => undefined,
    );
  }, 5_000);
  return {
    current: () => holder.current(),
    soakMs: target => soakOf(holder.current(), target),
    holder,
    stop() {
      process.off('SIGHUP', onHangUp);
      clearInterval(look);
    },
  };
}

/** The catalogue of a worker: whatever a bot published last. */
export async function todayFromRedis(catalogues: Catalogues, log: Log): Promise<Today> {
  let known: Catalogue | null = null;
  const look = async (): Promise<void> => {
    known = (await catalogues.current()) ?? known;
  };
  const trouble = (failure: unknown): void => log.debug({ err: failure }, 'Today’s catalogue cannot be read');
  await look().catch(trouble);
  const lookNow = (): void => void look().catch(trouble);
  const timer = setInterval(lookNow, 5_000);
  process.on('SIGHUP', lookNow);
  return {
    current: () => known,
    soakMs: target => soakOf(known, target),
    holder: null,
    stop() {
      process.off('SIGHUP', lookNow);
      clearInterval(timer);
    },
  };
}
