import { Refusal } from '../../src/domain/reason.ts';
import { doctorReply, forTerminal, problemsReply, refusal } from '../../templates/index.ts';
import { discoverText, fineText, initText, type ProgramName, rolesText } from '../../templates/terminal.ts';
import { findings, isWell } from '../doctor.ts';
import type { CommandLine } from './arguments.ts';
import { type CliDeps, exitCodes } from './deps.ts';

/** What each program of the command line does; answers the exit code. */
export const programs: Readonly<Record<ProgramName, (deps: CliDeps, line: CommandLine) => Promise<number>>> = {
  init,
  discover,
  check,
  doctor,
  start: deps => deps.start(),
  demo: deps => deps.demo(),
  schema: async deps => {
    deps.out(JSON.stringify(deps.schema(), null, 2));
    return exitCodes.ok;
  },
};

/** Writes the starter files; one that is there already is left as it is, and then the exit code is 1. */
async function init(deps: CliDeps, { args }: CommandLine): Promise<number> {
  const service = args[0] ?? 'my-service';
  const files = Object.entries(deps.starter({ service, account: deps.account() ?? 'operator' }));
  const done: [string, boolean][] = [];
  for (const [file, text] of files) done.push([file, await deps.writeNew(file, text)]);
  const named = (written: boolean) => done.filter(([, is]) => is === written).map(([file]) => file);
  deps.out(initText(deps.locale, named(true), named(false)));
  return named(false).length > 0 ? exitCodes.refused : exitCodes.ok;
}

/** How long `discover` may look at a cluster, in ms. */
const discoverMs = 60_000;

/** Writes a catalogue of what a cluster runs, with the role to look at it; files that are there already are left as they are. */
async function discover(deps: CliDeps, { args }: CommandLine): Promise<number> {
  const signal = AbortSignal.any([deps.interrupted, AbortSignal.timeout(discoverMs)]);
  try {
    const given = { namespaces: args, account: deps.account() ?? 'operator', signal };
    const { found, files } = await deps.discover(given);
    const done: [string, boolean][] = [];
    for (const [file, text] of Object.entries(files)) done.push([file, await deps.writeNew(file, text)]);
    const named = (written: boolean) => done.filter(([, is]) => is === written).map(([file]) => file);
    const [wrote, kept] = [named(true), named(false)];
    deps.out(discoverText(deps.locale, { found, namespaces: args, wrote, kept }));
    return wrote.length === 0 || kept.length > 0 ? exitCodes.refused : exitCodes.ok;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    deps.err(forTerminal(refusal(deps.locale, { reason: cause.reason }).text));
    return exitCodes.refused;
  }
}

/** Tells everything that is wrong with a catalogue. */
async function check(deps: CliDeps, { args, json }: CommandLine): Promise<number> {
  const read = await deps.check(args[0] ?? null);
  if (read.kind === 'broken') {
    const said = json ? JSON.stringify(read.data) : forTerminal(problemsReply(deps.locale, read.data).text);
    (json ? deps.out : deps.err)(said);
    return exitCodes.refused;
  }
  const { file, catalogue, warnings } = read;
  for (const warning of json ? [] : warnings) deps.err(warning);
  const services = Object.keys(catalogue.services).length;
  deps.out(json ? JSON.stringify({ file, hash: catalogue.hash, warnings }) : fineText(deps.locale, file, services));
  return exitCodes.ok;
}

/** How long `doctor` may look at one part, in ms. */
const probeMs = 15_000;

/** Looks at everything this machine can reach; works with the store away, too. */
async function doctor(deps: CliDeps, { json }: CommandLine): Promise<number> {
  const { locale, interrupted } = deps;
  const found = await findings(await deps.probes(), { locale, interrupted, ms: probeMs });
  deps.out(json ? JSON.stringify({ findings: found }) : forTerminal(doctorReply(locale, found).text));
  const roles = rolesText(
    locale,
    found.flatMap(({ manifest }) => (manifest ? [manifest] : [])),
  );
  if (roles && !json) deps.out(roles);
  return isWell(found) ? exitCodes.ok : exitCodes.refused;
}
