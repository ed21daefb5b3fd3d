import type { KindRight } from '../../domain/cluster-rights.ts';
import { Refusal } from '../../domain/reason.ts';
import type { OwnerChoice } from '../../ports/owner-choice.ts';
import type { Finding } from '../../ports/probe.ts';
import { objectOf, type Place } from './input.ts';
import { ownersOf, reconcilers, refuseOwners } from './owners.ts';
import { nameOf, type Reconciler, reconcilersOf, tools } from './reconcilers.ts';
import type { Workload } from './workload.ts';

/** A step that changes a workload: what it chose to do about owners, and whether it goes back by the workload's own history. */
export interface WorkloadStep extends OwnerChoice {
  readonly byHistory: boolean;
}

/** What stands in the way of the steps on a workload, judged as they judge it when they are planned. */
export function workloadFindings(place: Place, workload: Workload, steps: readonly WorkloadStep[]): Finding[] {
  const subject = objectOf(place);
  const broken = (message: string, remedy: string): Finding => ({ subject, state: 'broken', message, remedy });
  const owned = steps.flatMap(step => ownerTrouble(subject, place.namespace, workload, step) ?? []);
  const keepsNone = workload.spec.revisionHistoryLimit === 0 && steps.some(({ byHistory }) => byHistory);
  return [
    ...[...new Map(owned.map(one => [one.message, one])).values()].map(one => broken(one.message, one.remedy)),
    ...(keepsNone ? [broken('keeps no history', 'set spec.revisionHistoryLimit to 10')] : []),
  ];
}

function ownerTrouble(
  object: string,
  home: string,
  workload: Workload,
  { owner, argocd }: WorkloadStep,
): { readonly message: string; readonly remedy: string } | null {
  const owners = ownersOf(workload);
  const rendered = `is rendered by ${owners.join(' and ')}, which would undo a rollback`;
  try {
    refuseOwners(object, { owner }, workload);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    const instead = thrown.reason.facts?.instead;
    return { message: rendered, remedy: instead ? `use the step ${String(instead)}` : `choose: ${waysOf(owners)}` };
  }
  const suspends = owner === 'suspend' || owner === 'suspend-parents';
  if (owners.length === 0 || !suspends || reconcilersOf(workload, home, argocd).length > 0) return null;
  return { message: `${rendered}, and cannot be suspended`, remedy: `choose: ${waysOf(owners)}` };
}

function waysOf(owners: readonly string[]): string {
  const ways = [
    ...(owners.some(owner => reconcilers.has(owner)) ? ['owner: suspend in target.kubernetes'] : []),
    ...(owners.includes('Helm') ? ['the step helm.rollback'] : []),
    'the step git.restore-release',
    'owner: anyway',
  ];
  return ways.join(', or ');
}

/** What the steps would suspend, with the rights that this takes. */
export function suspendedBy(
  { namespace }: Place,
  workload: Workload,
  steps: readonly WorkloadStep[],
): readonly { readonly reconciler: Reconciler; readonly rights: readonly KindRight[] }[] {
  const found = steps
    .filter(({ owner }) => owner === 'suspend' || owner === 'suspend-parents')
    .flatMap(({ argocd }) => reconcilersOf(workload, namespace, argocd));
  const distinct = [...new Map(found.map(one => [nameOf(one), one])).values()];
  return distinct.map(reconciler => {
    const { api, plural } = tools[reconciler.kind];
    const group = api.split('/')[1] ?? '';
    const right = { group, resource: plural, essential: true, only: null, wide: false };
    return { reconciler, rights: ['get', 'patch'].map(verb => ({ ...right, verb })) };
  });
}
