import type { z } from 'zod';
import { hideSecretsInText } from '../../../domain/hide.ts';
import { note } from '../../../domain/note.ts';
import type { Check, CheckContext } from '../../../ports/check.ts';
import { type Connection, errorOf } from '../connect.ts';
import { objectOf } from '../input.ts';
import { pathOf } from '../objects.ts';
import { errorLines } from './error-lines.ts';
import { logsErrorsInput } from './input.ts';
import { beganAt, createLooking, type Look, type LookingDeps } from './looking.ts';
import { mainContainer, readWorkload, readyPods } from './workload.ts';

type Input = z.infer<typeof logsErrorsInput>;

/** `kubernetes.logs-errors`: so many lines at most of the last ones of every pod hold an error. */
export function createLogsErrorsCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.logs-errors',
    input: logsErrorsInput,
    everyMs: 3_000,
    objectOf,
    look: (connection, input, context) => look(connection, input, context),
  });
}

async function look(connection: Connection, input: Input, context: CheckContext): Promise<Look> {
  const workload = await readWorkload(connection, input, context.signal);
  const { object, wanted } = workload;
  const ready = readyPods(workload);
  if (ready.length === 0 || ready.length < wanted) return { state: 'unclear', note: note('no-pod-ready', { object }) };
  const container = mainContainer(workload, input.container);
  const found: { readonly pod: string; readonly lines: readonly string[] }[] = [];
  let read = 0;
  for (const { metadata } of ready) {
    const lines = await linesOf(connection, input, { pod: metadata.name, container }, context);
    if (lines.length === 0 && !input.maySayNothing)
      return { state: 'unclear', note: note('logs-silent', { object, pod: metadata.name }) };
    const matched = errorLines(lines, input);
    if (matched === null) return { state: 'unknowable', note: note('logs-pattern-slow', { object }) };
    read += lines.length;
    if (matched.length > 0) found.push({ pod: metadata.name, lines: matched });
  }
  const count = found.reduce((sum, { lines }) => sum + lines.length, 0);
  const facts = { object, count, atMost: input.atMost, lines: read, pods: ready.length };
  if (count <= input.atMost) return { state: 'good', note: note('logs-clean', facts) };
  const names = found.map(({ pod, lines }) => `${pod}: ${lines.length}`);
  const last = found.at(-1)?.lines.at(-1) ?? '';
  return { state: 'bad', note: note('logs-hold-errors', { ...facts, names }, hideSecretsInText(last).slice(0, 300)) };
}

async function linesOf(
  connection: Connection,
  { namespace, lines, since }: Input,
  { pod, container }: { readonly pod: string; readonly container: string },
  context: CheckContext,
): Promise<readonly string[]> {
  const query = new URLSearchParams({ container, tailLines: String(lines) });
  if (since === 'run') query.set('sinceTime', new Date(beganAt(context)).toISOString());
  const path = `${pathOf('api/v1', namespace, 'pods', pod)}/log?${query}`;
  const request = {
    verb: 'get',
    resource: 'pods/log',
    namespace,
    path,
    accept: '*/*',
    longest: 32 * 1024 * 1024,
    signal: context.signal,
  };
  const answer = await connection.ask(request);
  if (answer.status !== 200) throw errorOf(request, answer);
  return answer.text.split('\n').filter(line => line !== '');
}
