import type { z } from 'zod';
import { parseDuration } from '../../../domain/duration.ts';
import { unmet } from '../../../domain/expectation.ts';
import { hideSecretsInText } from '../../../domain/hide.ts';
import type { Json } from '../../../domain/json.ts';
import { type Note, note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import { objectOf } from '../input.ts';
import { KubeError } from '../kube-error.ts';
import { execInput } from './input.ts';
import { createLooking, type LookingDeps } from './looking.ts';
import { type Executed, runInContainer } from './run-in-container.ts';
import { mainContainer, readWorkload, readyPods } from './workload.ts';

type Input = z.infer<typeof execInput>;

/** `kubernetes.exec`: a command in a container of every ready pod, or of one, ends and prints as it should. */
export function createExecCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.exec',
    input: execInput,
    everyMs: 2_000,
    objectOf,
    look: async (connection, input, { signal }) => {
      const workload = await readWorkload(connection, input, signal);
      const { object, wanted } = workload;
      const ready = readyPods(workload);
      const all = input.pods === 'every';
      const asked = all ? ready : ready.slice(0, 1);
      if (asked.length === 0 || (all && asked.length < wanted))
        return { state: 'unclear', note: note('no-pod-ready', { object }) };
      const container = mainContainer(workload, input.container);
      const limitMs = parseDuration(input.timeout) ?? 10_000;
      for (const { metadata } of asked) {
        const command = {
          namespace: input.namespace,
          pod: metadata.name,
          container,
          argv: input.argv,
          limitMs,
          signal,
        };
        const run = await runInContainer(connection, command).catch((error: unknown) => unanswered(error));
        if ('unanswered' in run) {
          const facts = { pod: metadata.name, command: commandOf(input) };
          return { state: 'unclear', note: note('exec-no-answer', facts, run.unanswered) };
        }
        const problem = problemOf(input, metadata.name, run);
        if (problem) return { state: 'bad', note: problem };
      }
      return { state: 'good', note: note('exec-good', { object, command: commandOf(input), pods: asked.length }) };
    },
  });
}

/** What kept a command from its end; anything but that passes on. */
function unanswered(error: unknown): { readonly unanswered: string } {
  if (error instanceof KubeError && error.status === 0) return { unanswered: error.message };
  throw error;
}

/** Arguments may hold what looks like a secret. */
const commandOf = ({ argv }: Input): string => hideSecretsInText(argv.join(' ')).slice(0, 200);

/** What a command said last, fit for people. */
function lastWords({ stdout, stderr, detail }: Executed): string {
  const said = stderr.trim() || stdout.trim() || detail;
  return hideSecretsInText(said.split('\n').slice(-3).join('\n')).slice(0, 300);
}

/** What is wrong with how a command ended; null where nothing is. */
function problemOf(input: Input, pod: string, run: Executed): Note | null {
  const facts = { pod, command: commandOf(input) };
  if (run.exitCode === null) return note('exec-not-started', facts, hideSecretsInText(run.detail).slice(0, 300));
  if (run.exitCode !== input.exitCode)
    return note('exec-exit', { ...facts, exitCode: run.exitCode, wanted: input.exitCode }, lastWords(run));
  if (input.contains !== null && !run.stdout.includes(input.contains))
    return note('exec-lacks', { ...facts, wanted: input.contains });
  if (input.json.length === 0) return null;
  const printed = parse(run.stdout);
  if (printed === undefined) return note('exec-no-json', facts, lastWords(run));
  const wrong = unmet(printed, input.json).map(hideSecretsInText);
  return wrong.length > 0 ? note('exec-fields', { ...facts, fields: wrong }) : null;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
