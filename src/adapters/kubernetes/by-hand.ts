import type { Change } from './change.ts';
import { workloadOf } from './input.ts';
import { kubectl } from './kubectl.ts';
import { isRecovery, type Recovery } from './recover.ts';

/** An operation as commands for a person. A release is named by its revision object, never by "previous", which toggles. */
export function byHand(body: Change | Recovery): readonly string[] {
  const workload = workloadOf(body);
  const name = `${workload.kind.toLowerCase()}/${workload.name}`;
  const status = kubectl(body, 'rollout', 'status', name);
  if (isRecovery(body)) {
    if (body.action === 'leave') return [];
    const deletion = `${kubectl(body, 'delete', 'pod', 'NAME')} (the lowest that is not ready, one at a time)`;
    return [kubectl(body, 'get', 'pods'), deletion, status];
  }
  if (body.action === 'environment') return [...environmentByHand(body, name), status];
  if (body.action === 'image') {
    const images = Object.entries(body.images).map(([container, image]) => `${container}=${image}`);
    return [kubectl(body, 'set', 'image', name, ...images), status];
  }
  if (body.action === 'restart') return [kubectl(body, 'rollout', 'restart', name), status];
  const undo = `${kubectl(body, 'rollout', 'undo', name)} --to-revision=N (the number just printed)`;
  const [kind, path] =
    workload.kind === 'Deployment'
      ? ['replicaset', '{.metadata.annotations.deployment\\.kubernetes\\.io/revision}']
      : ['controllerrevision', '{.revision}'];
  return [kubectl(body, 'get', kind, body.revision, '-o', `jsonpath=${path}`), undo, status];
}

/** A line for each container: kubectl would change all of them, those that the step leaves alone as well. */
function environmentByHand(body: Change & { readonly action: 'environment' }, name: string): readonly string[] {
  const values = Object.keys(body.set).map(variable => `${variable}=…`);
  const removals = body.remove.map(variable => `${variable}-`);
  return body.containers.map(container =>
    [kubectl(body, 'set', 'env', name, '-c', container), ...values, ...removals].join(' '),
  );
}
