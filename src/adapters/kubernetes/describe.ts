import { z } from 'zod';
import { hideSecretsInText } from '../../domain/hide.ts';
import type { Executor } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { happenedAt, happeningSchema } from './happening.ts';
import { imagesOf } from './images.ts';
import { namesOneWorkload, objectOf, type Place, placeOf, workloadFields } from './input.ts';
import { KubeError, plainly } from './kube-error.ts';
import { type Pod, pathOf, readAs, readPods } from './objects.ts';
import { isReady, timeOf } from './rollout.ts';
import { currentRevision, podsOf, readWorld, type World } from './world.ts';

/** Lines of a container's log that are shown: as many as people ask kubectl for in an incident (inventory 85, 301). */
const logLines = 1_000;

/** The most that is read of one container's log, in bytes, and of all of them together. */
const mostOfOne = 256 * 1024;
const mostOfAll = 3 * 1024 * 1024;

/** Pods that are shown with their logs, those in trouble first, and events. */
const mostPods = 10;
const mostEvents = 50;

/** Makes an executor tell how the workloads of its operations stand and what they logged; bodies that name no workload have nothing to tell. */
export function describing(connect: Connect): NonNullable<Executor['describe']> {
  const named = z.looseObject(workloadFields).refine(namesOneWorkload);
  return ({ signal }, { body }) =>
    plainly(async () => {
      const place = named.safeParse(body);
      if (!place.success) return '';
      return describeWorkload(await connect(place.data), placeOf(place.data), signal);
    });
}

async function describeWorkload(connection: Connection, place: Place, signal: AbortSignal): Promise<string> {
  const world = await readWorld(connection, place, signal);
  const all = await readPods(connection, place.namespace, world.workload.spec.selector, signal);
  const own = all.filter(pod => world.history.some(revision => revision.owns(pod)));
  const pods = own.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || newestFirst(a, b));
  const shown = pods.slice(0, mostPods);
  const parts = [
    [`==> ${objectOf(place)} <==`, ...workloadLines(world)],
    [
      'Pods:',
      ...podLines(world, shown),
      ...(pods.length > shown.length ? [`  … ${pods.length - shown.length} more`] : []),
    ],
    ['Events:', ...(await eventLines(connection, place, world, pods, signal))],
    ...(await logParts(connection, place.namespace, shown, signal)),
  ];
  return hideSecretsInText(parts.map(lines => lines.join('\n')).join('\n\n'));
}

const newestFirst = (a: Pod, b: Pod) => timeOf(b.metadata.creationTimestamp) - timeOf(a.metadata.creationTimestamp);

function workloadLines(world: World): string[] {
  const { metadata, spec, status } = world.workload;
  const current = currentRevision(world);
  const counts = `${spec.replicas} wanted, ${status.updatedReplicas} updated, ${status.readyReplicas} ready, ${status.availableReplicas} available`;
  return [
    `Replicas: ${counts}${spec.paused ? '; paused' : ''}`,
    `Generation: ${metadata.generation}, observed ${status.observedGeneration}`,
    ...Object.entries(imagesOf(spec.template)).map(([container, image]) => `Image of ${container}: ${image}`),
    ...status.conditions.map(
      ({ type, status: is, reason, message, lastTransitionTime }) =>
        `Condition ${type}=${is}${words(reason)}${lastTransitionTime ? ` since ${lastTransitionTime}` : ''}${said(message)}`,
    ),
    ...world.history.map(
      revision =>
        `Revision ${revision.number} ${revision.name}${revision === current ? ' (the present template)' : ''}`,
    ),
  ];
}

const words = (text: string | null | undefined) => (text ? ` ${text}` : '');
const said = (text: string | null | undefined) => (text ? `: ${text}` : '');

function podLines(world: World, pods: readonly Pod[]): string[] {
  if (pods.length === 0) return ['  none'];
  const current = new Set(podsOf(currentRevision(world), pods));
  return pods.flatMap(pod => [
    `  ${pod.metadata.name}: ${pod.metadata.deletionTimestamp ? 'Terminating' : pod.status.phase}, ${isReady(pod) ? 'ready' : 'not ready'}, of the ${current.has(pod) ? 'present' : 'earlier'} template, since ${pod.metadata.creationTimestamp ?? '?'}`,
    ...pod.status.conditions
      .filter(({ status }) => status !== 'True')
      .map(({ type, status, reason, message }) => `    ${type}=${status}${words(reason)}${said(message)}`),
    ...containersOf(pod).map(container => `    ${container.name}: ${stateOf(container)}`),
  ]);
}

type Container = Pod['status']['containerStatuses'][number];

const containersOf = ({ status }: Pod): Container[] => [...status.initContainerStatuses, ...status.containerStatuses];

function stateOf({ state, lastState, restartCount }: Container): string {
  const before = lastState?.terminated;
  return [
    state?.waiting ? `waiting${words(state.waiting.reason)}${said(state.waiting.message)}` : null,
    state?.running ? `running since ${state.running.startedAt ?? '?'}` : null,
    state?.terminated ? ended(state.terminated) : null,
    restartCount > 0 ? `${restartCount} restarts` : null,
    before ? `before that ${ended(before)}` : null,
  ]
    .filter(part => part !== null)
    .join('; ');
}

const ended = (was: NonNullable<NonNullable<Container['state']>['terminated']>) =>
  `ended${words(was.reason)} with exit code ${was.exitCode ?? '?'}${was.finishedAt ? ` at ${was.finishedAt}` : ''}`;

async function eventLines(
  connection: Connection,
  { namespace }: Place,
  { workload, history }: World,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set([workload, ...pods].map(({ metadata }) => metadata.name));
  for (const { name } of history) names.add(name);
  const request = { verb: 'list', resource: 'events', namespace, path: pathOf('api/v1', namespace, 'events'), signal };
  try {
    const { items } = await readAs(connection, request, z.object({ items: z.array(happeningSchema) }));
    const own = items.filter(({ involvedObject }) => names.has(involvedObject.name ?? ''));
    const shown = own.sort((a, b) => happenedAt(a) - happenedAt(b)).slice(-mostEvents);
    if (shown.length === 0) return ['  none'];
    return shown.map(event => {
      const { kind, name } = event.involvedObject;
      const at = new Date(happenedAt(event)).toISOString();
      return `  ${at} ${event.type ?? ''} ${event.reason ?? ''} ${kind?.toLowerCase()} ${name}${said(event.message)}`;
    });
  } catch (error) {
    return [`  ${unread(error)}`];
  }
}

/** What a part says that may not be read or got no answer; the rest is told all the same. */
function unread(error: unknown): string {
  if (error instanceof KubeError) return `could not be read: ${error.status || 'no answer'} ${error.message}`;
  throw error;
}

async function logParts(
  connection: Connection,
  namespace: string,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<string[][]> {
  const wanted = pods.flatMap(pod =>
    containersOf(pod).flatMap(({ name, lastState, state }) => {
      const begun = state?.running || state?.terminated;
      const one = { pod: pod.metadata.name, container: name };
      return [
        ...(begun ? [{ ...one, previous: false }] : []),
        ...(lastState?.terminated ? [{ ...one, previous: true }] : []),
      ];
    }),
  );
  const parts: string[][] = [];
  let left = mostOfAll;
  for (const one of wanted) {
    const head = `==> last ${logLines} lines of ${one.container} in pod ${one.pod}${one.previous ? ', before it was started again' : ''} <==`;
    if (left <= 0) {
      parts.push([head, 'left out: the file would get too long']);
      continue;
    }
    const text = await logOf(connection, namespace, one, signal).catch(unread);
    left -= text.length;
    parts.push([head, text.trimEnd() || 'nothing']);
  }
  return parts;
}

async function logOf(
  connection: Connection,
  namespace: string,
  { pod, container, previous }: { readonly pod: string; readonly container: string; readonly previous: boolean },
  signal: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams({
    container,
    tailLines: String(logLines),
    limitBytes: String(mostOfOne),
    timestamps: 'true',
    ...(previous ? { previous: 'true' } : {}),
  });
  const path = `${pathOf('api/v1', namespace, 'pods', pod)}/log?${query}`;
  const request = { verb: 'get', resource: 'pods/log', namespace, path, signal, accept: 'text/plain, */*' };
  const answer = await connection.ask({ ...request, longest: 4 * mostOfOne, limitMs: 15_000 });
  return answer.status === 200 ? answer.text : `could not be read: ${answer.status}`;
}
