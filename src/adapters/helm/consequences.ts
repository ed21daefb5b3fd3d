import type { Json } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Interruption, StepPlan } from '../../domain/plan.ts';
import type { Release } from '../../domain/release.ts';
import type { RollbackInput } from './input.ts';
import { type Comparison, holdsData, inside, isWorkload, type Part, wordsOf } from './manifest.ts';
import { deployHooks, isPending, type Revision, rollbackHooks } from './revision.ts';

/** What a plan's words are made from. */
export interface Consequences {
  readonly input: RollbackInput;
  readonly object: string;
  readonly latest: Revision;
  readonly target: Revision;
  readonly revisions: readonly Revision[];
  readonly compared: Comparison;
  readonly to: Release;
}

type Words = Pick<StepPlan, 'blastRadius' | 'interruption' | 'notRolledBack' | 'notChecked' | 'warnings'>;

/** How far a rollback reaches, what it leaves as it is, and what a person should know before saying yes. */
export function notesOf(found: Consequences): Words {
  const { object, compared } = found;
  const touched = workloadsOf(compared);
  return {
    blastRadius: [
      ...(touched.length > 0 ? [note('helm-restarts', { object, names: touched.map(wordsOf) })] : []),
      ...(compared.created.length > 0 ? [note('helm-creates', { object, names: compared.created.map(wordsOf) })] : []),
      ...(compared.deleted.length > 0 ? [note('helm-deletes', { object, names: compared.deleted.map(wordsOf) })] : []),
    ],
    interruption: interruptionOf(compared, found.input),
    notRolledBack: leftBehind(found),
    notChecked: [note('helm-rights-unchecked', { object })],
    warnings: warningsOf(found),
  };
}

function workloadsOf({ changed, created, deleted }: Comparison): Part[] {
  return [...changed.map(({ after }) => after), ...created, ...deleted].filter(isWorkload);
}

/** What helm does not take back: custom resource definitions, what hooks did, volumes, and what is marked to be kept. */
function leftBehind({ object, latest, target, revisions, compared }: Consequences): Note[] {
  const since = revisions.filter(({ number }) => number > target.number);
  const hooks = [...new Set(since.flatMap(deployHooks))];
  const crds = latest.crdHash === target.crdHash ? [] : [...new Set([...latest.crds, ...target.crds])];
  const volumes = [...compared.changed.map(({ after }) => after), ...compared.deleted].flatMap(claimsOf);
  return [
    ...(hooks.length > 0 ? [note('helm-hooks-stay', { object, names: hooks })] : []),
    ...(crds.length > 0 ? [note('helm-crds-stay', { object, names: crds })] : []),
    ...(volumes.length > 0 ? [note('helm-volumes-stay', { object, names: volumes })] : []),
    ...(compared.kept.length > 0 ? [note('helm-keeps', { object, names: compared.kept.map(wordsOf) })] : []),
  ];
}

/** The claims that a StatefulSet makes for its pods stay whatever becomes of it; so does what a claim of its own holds. */
function claimsOf(part: Part): string[] {
  if (part.kind === 'PersistentVolumeClaim') return [wordsOf(part)];
  const templates = inside(part.body, ['spec', 'volumeClaimTemplates']);
  if (part.kind !== 'StatefulSet' || !Array.isArray(templates)) return [];
  return (templates as readonly Json[]).map(
    one => `PersistentVolumeClaim/${String(inside(one, ['metadata', 'name']))}-${part.name}-*`,
  );
}

function warningsOf({ input, object, latest, target, compared, to }: Consequences): Note[] {
  const hooks = input.hooks === 'run' ? rollbackHooks(target) : [];
  const data = compared.deleted.filter(holdsData).map(wordsOf);
  const unlocking = { object, revision: latest.number, status: latest.status };
  return [
    ...(isPending(latest) ? [note('helm-unlocks', unlocking)] : []),
    ...(data.length > 0 ? [note('helm-deletes-data', { object, names: data })] : []),
    ...(hooks.length > 0 ? [note('helm-hooks-run', { object, names: hooks, revision: target.number })] : []),
    ...(input.force ? [note('helm-forces', { object })] : []),
    ...(to.grade === 'bad' || to.grade === 'suspect'
      ? [note('target-known-bad', { object, release: to.version, grade: to.grade })]
      : []),
  ];
}

/** Nothing is felt where old pods serve until new ones are ready; else nobody can foretell it. */
function interruptionOf(compared: Comparison, { force }: RollbackInput): Interruption {
  if (force || compared.deleted.length > 0) return { kind: 'unknown' };
  const changed = compared.changed.map(({ after }) => after).filter(isWorkload);
  return changed.every(rollsGently) ? { kind: 'none' } : { kind: 'unknown' };
}

function rollsGently({ kind, body }: Part): boolean {
  const containers = inside(body, ['spec', 'template', 'spec', 'containers']);
  const probed = Array.isArray(containers) && containers.some(one => inside(one, ['readinessProbe']) !== null);
  const replicas = inside(body, ['spec', 'replicas']) ?? 1;
  const given = inside(body, ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable']) ?? '25%';
  const missing =
    typeof given === 'number' ? given : Math.floor((Number(replicas) * Number.parseFloat(String(given))) / 100);
  const recreates = inside(body, ['spec', 'strategy', 'type']) === 'Recreate';
  return kind === 'Deployment' && probed && !recreates && missing < Number(replicas);
}
