import type { Change } from './change.ts';
import { type Place, workloadOf } from './input.ts';
import { isRecovery, type Recovery } from './recover.ts';

const flags = (place: Place) => (place.context ? ['--context', place.context] : []).concat('-n', place.namespace);

/** An operation as commands for a person. A release is named by its revision object, never by "previous", which toggles. */
export function byHand(body: Change | Recovery): readonly string[] {
  const kubectl = ['kubectl', ...flags(body)].join(' ');
  const workload = workloadOf(body);
  const name = `${workload.kind.toLowerCase()}/${workload.name}`;
  const status = `${kubectl} rollout status ${name}`;
  if (isRecovery(body)) {
    if (body.action === 'leave') return [];
    return [`${kubectl} get pods`, `${kubectl} delete pod NAME (the lowest that is not ready, one at a time)`, status];
  }
  if (body.action === 'environment') {
    const removals = body.remove.map(variable => `${variable}-`);
    const values = Object.keys(body.set).map(variable => `${variable}=…`);
    return [`${kubectl} set env ${name} ${[...values, ...removals].join(' ')}`, status];
  }
  if (body.action === 'image') {
    const images = Object.entries(body.images).map(([container, image]) => `${container}=${image}`);
    return [`${kubectl} set image ${name} ${images.join(' ')}`, status];
  }
  if (body.action === 'restart') return [`${kubectl} rollout restart ${name}`, status];
  const undo = `${kubectl} rollout undo ${name} --to-revision=N (the number just printed)`;
  const where =
    workload.kind === 'Deployment'
      ? `replicaset ${body.revision} -o jsonpath='{.metadata.annotations.deployment\\.kubernetes\\.io/revision}'`
      : `controllerrevision ${body.revision} -o jsonpath='{.revision}'`;
  return [`${kubectl} get ${where}`, undo, status];
}
