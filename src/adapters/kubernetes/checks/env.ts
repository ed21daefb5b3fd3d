import type { z } from 'zod';
import { hideSecretsInText } from '../../../domain/hide.ts';
import { type Note, note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import type { Connection } from '../connect.ts';
import { objectOf } from '../input.ts';
import { type FoundVariable, hashesOf, type Reading, valueHash, variablesIn, variablesOf } from './environment.ts';
import { envInput } from './input.ts';
import { createLooking, type Look, type LookingDeps } from './looking.ts';
import { runInContainer } from './run-in-container.ts';
import { mainContainer, readWorkload, readyPods, type Workload } from './workload.ts';

type Input = z.infer<typeof envInput>;
/** What stands in an environment, and where: the template, or a pod. */
interface Place {
  readonly where: string;
  readonly variables: ReadonlyMap<string, FoundVariable>;
}

/** Prints the environment that the container was made with, byte for byte. */
const printing = ['cat', '/proc/self/environ'];

/** `kubernetes.env`: variables are set as they should be, in the pod template or in the containers that run; compared by hash, never shown. */
export function createEnvCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.env',
    input: envInput,
    everyMs: 2_000,
    objectOf,
    look: (connection, input, { signal }) => look(connection, input, signal),
  });
}

async function look(connection: Connection, input: Input, signal: AbortSignal): Promise<Look> {
  const { namespace } = input;
  const workload = await readWorkload(connection, input, signal);
  const { object } = workload;
  const container = mainContainer(workload, input.container);
  const reading = { connection, namespace, signal };
  const wanted = await wantedHashes(reading, input);
  if ('gone' in wanted) return { state: 'bad', note: note('env-reference-gone', { object, names: wanted.gone }) };
  const found =
    input.in === 'template'
      ? await inTemplate(reading, workload, container)
      : await inContainers(reading, workload, container);
  if ('state' in found) return found;
  const problem = found.flatMap(place => problemOf(input, wanted.hashes, object, place) ?? [])[0];
  if (problem) return problem;
  const names = [...Object.keys(input.set), ...input.present, ...input.absent];
  const known = found[0]?.variables;
  const shown = Object.keys(input.set).map(name => `${name}${shownHash(known?.get(name))}`);
  const code = input.in === 'template' ? 'env-as-wanted' : 'env-of-pods-as-wanted';
  return {
    state: 'good',
    note: note(code, { object, names: [...shown, ...names.slice(shown.length)], pods: found.length }),
  };
}

/** A hash helps to compare; one of a secret would help to guess it. */
function shownHash(variable: FoundVariable | undefined): string {
  return variable?.hash && !variable.secret ? ` (sha256 ${variable.hash.slice(0, 12)})` : '';
}

/** The hashes that are wanted; a reference to what is gone wants nothing that could be. */
async function wantedHashes(
  reading: Reading,
  { set }: Input,
): Promise<{ readonly hashes: ReadonlyMap<string, string> } | { readonly gone: readonly string[] }> {
  const hashes = new Map<string, string>();
  const gone: string[] = [];
  for (const [name, value] of Object.entries(set)) {
    if (typeof value === 'string') hashes.set(name, valueHash(value));
    else if ('sha256' in value) hashes.set(name, value.sha256);
    else {
      const secret = 'secret' in value;
      const object = secret ? value.secret : value.configMap;
      const hash = (await hashesOf(reading, secret ? 'secrets' : 'configmaps', object))?.get(value.key);
      if (hash === undefined) gone.push(`${secret ? 'Secret' : 'ConfigMap'} ${object} [${value.key}]`);
      else hashes.set(name, hash);
    }
  }
  return gone.length > 0 ? { gone } : { hashes };
}

async function inTemplate(
  reading: Reading,
  { object, template }: Workload,
  container: string,
): Promise<readonly Place[] | Look> {
  const variables = await variablesOf(reading, template, container);
  if (!variables) return { state: 'bad', note: note('container-missing', { object, container }) };
  return [{ where: object, variables }];
}

async function inContainers(reading: Reading, workload: Workload, container: string): Promise<readonly Place[] | Look> {
  const { object, wanted } = workload;
  const ready = readyPods(workload);
  if (ready.length === 0 || ready.length < wanted) return { state: 'unclear', note: note('no-pod-ready', { object }) };
  const found: Place[] = [];
  for (const { metadata } of ready) {
    const command = {
      namespace: reading.namespace,
      pod: metadata.name,
      container,
      argv: printing,
      limitMs: 10_000,
      signal: reading.signal,
    };
    const run = await runInContainer(reading.connection, command);
    if (run.exitCode !== 0) {
      const why = hideSecretsInText(run.stderr.trim() || run.detail).slice(0, 300);
      return { state: 'unclear', note: note('env-not-readable', { object, pod: metadata.name, container }, why) };
    }
    found.push({ where: metadata.name, variables: variablesIn(run.stdout) });
  }
  return found;
}

function problemOf(
  input: Input,
  hashes: ReadonlyMap<string, string>,
  object: string,
  { where, variables }: Place,
): Look | null {
  const bad = (said: Note): Look => ({ state: 'bad', note: said });
  const wantedNames = [...hashes.keys(), ...input.present];
  const missing = wantedNames.filter(name => !variables.has(name));
  if (missing.length > 0) return bad(note('env-missing', { object, where, names: missing }));
  const extra = input.absent.filter(name => variables.has(name));
  if (extra.length > 0) return bad(note('env-not-absent', { object, where, names: extra }));
  const made = [...hashes.keys()].filter(name => variables.get(name)?.hash === null);
  if (made.length > 0) return { state: 'unknowable', note: note('env-not-comparable', { object, where, names: made }) };
  const other = [...hashes].filter(([name, hash]) => variables.get(name)?.hash !== hash);
  if (other.length === 0) return null;
  const names = other.map(([name]) => `${name}${shownHash(variables.get(name))}`);
  return bad(note('env-differs', { object, where, names }));
}
