import { Refusal, reason } from '../../domain/reason.ts';
import type { OwnerChoice } from '../../ports/owner-choice.ts';
import { objectOf, type Place, workloadOf } from './input.ts';
import { kubectl } from './kubectl.ts';
import type { Metadata } from './objects.ts';
import type { Workload } from './workload.ts';

/** Marks by which a tool shows that it renders this object and would undo or overwrite our change. */
const marks: readonly {
  readonly owner: string;
  readonly labels?: readonly string[];
  readonly annotations?: readonly string[];
  readonly managers?: readonly string[];
}[] = [
  {
    owner: 'Argo CD',
    labels: ['argocd.argoproj.io/instance'],
    annotations: ['argocd.argoproj.io/tracking-id'],
    managers: ['argocd-controller', 'argocd-application-controller'],
  },
  {
    owner: 'Flux',
    labels: ['kustomize.toolkit.fluxcd.io/name', 'helm.toolkit.fluxcd.io/name'],
    managers: ['kustomize-controller', 'helm-controller'],
  },
  { owner: 'Helm', annotations: ['meta.helm.sh/release-name'], managers: ['helm'] },
];

/** Who else writes this object, by name; empty where nobody is seen to. */
export function ownersOf(object: { readonly metadata: Metadata }): string[] {
  const { labels, annotations, managedFields, ownerReferences } = object.metadata;
  const seen = marks.filter(
    mark =>
      mark.labels?.some(label => label in labels) ||
      mark.annotations?.some(annotation => annotation in annotations) ||
      managedFields.some(entry => !entry.subresource && mark.managers?.includes(entry.manager)),
  );
  const helm = labels['app.kubernetes.io/managed-by'] === 'Helm' && !seen.some(({ owner }) => owner === 'Helm');
  const controller = ownerReferences.find(reference => reference.controller === true);
  return [
    ...seen.map(({ owner }) => owner),
    ...(helm ? ['Helm'] : []),
    ...(controller ? [`${controller.kind} ${controller.name}`] : []),
  ];
}

/** Tools that render again and again, and can be told to stop. */
export const reconcilers: ReadonlySet<string> = new Set(['Argo CD', 'Flux']);

/** What decides about owners: a step's input when it is planned, an operation's body when it is applied. */
export interface Accepted {
  readonly owner?: OwnerChoice['owner'];
  readonly owners?: readonly string[];
}

/** Whether a step has chosen what to do about owners. */
export function hasChosen({ owner = 'refuse' }: Accepted): boolean {
  return owner !== 'refuse';
}

/** Steps that act on an owner in place of what it owns. */
const steps: Readonly<Record<string, string>> = {
  Rollout: 'kubernetes.argo-rollouts',
  Canary: 'kubernetes.traffic-weight',
};
const stepFor = (owner: string) => steps[owner.split(' ')[0] ?? ''];

/** What can be done in place of a step on what somebody else writes: by Helm, in Git, or on the object that a controller makes it from. */
function waysFor(owners: readonly string[]): string[] {
  const tools = owners.filter(owner => marks.some(mark => mark.owner === owner));
  return [
    ...(tools.includes('Helm') ? ['helm'] : []),
    ...(tools.length > 0 ? ['git'] : []),
    ...(owners.length > tools.length ? ['controller'] : []),
  ];
}

/** The refusal of what somebody else writes, with the step to take instead where there is one. */
export function ownedByOther(object: string, owner: readonly string[]): Refusal {
  const instead = owner.map(stepFor).find(step => step !== undefined);
  return new Refusal(reason('owned-by-other', { object, owner, ...(instead ? { instead } : { can: waysFor(owner) }) }));
}

/**
 * Refuses what another tool owns, unless the step has chosen what to do about it or it was judged: it would put the failing release back.
 * What a Rollout or Canary owns is refused whatever was chosen: the step is then one on its owner.
 */
export function refuseOwners(object: string, accepted: Accepted, owned: { readonly metadata: Metadata }): void {
  const owners = ownersOf(owned);
  if (owners.some(owner => stepFor(owner) !== undefined)) throw ownedByOther(object, owners);
  if (hasChosen(accepted) || owners.every(owner => accepted.owners?.includes(owner))) return;
  const can = [...(owners.some(owner => reconcilers.has(owner)) ? ['suspend'] : []), ...waysFor(owners), 'anyway'];
  throw new Refusal(reason('owned-by-other', { object, owner: owners, can }));
}

/** The same for a workload, and what is on its way out. */
export function refuseOwned(place: Place & Accepted, workload: { readonly metadata: Metadata }): void {
  if (workload.metadata.deletionTimestamp) {
    throw new Refusal(reason('plan-failed', { object: objectOf(place), why: 'ending' }));
  }
  refuseOwners(objectOf(place), place, workload);
}

/** Refuses a paused Deployment: a change of its template would wait unseen until somebody resumes it. */
export function refusePaused(place: Place, workload: Workload): void {
  if (!workload.spec.paused) return;
  const command = kubectl(place, 'rollout', 'resume', `deployment/${workloadOf(place).name}`);
  throw new Refusal(reason('plan-failed', { object: objectOf(place), why: 'paused', command }));
}
