import { Refusal, reason } from '../../domain/reason.ts';
import { objectOf, type Place, workloadOf } from './input.ts';
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

/** Refuses what another tool owns, as that would put the failing release back, and what is on its way out. */
export function refuseOwned(place: Place, workload: { readonly metadata: Metadata }): void {
  if (workload.metadata.deletionTimestamp) {
    const facts = { object: objectOf(place), why: 'ending' };
    throw new Refusal(reason('plan-failed', facts, 'it is being deleted'));
  }
  const owners = ownersOf(workload);
  if (owners.length === 0) return;
  throw new Refusal(reason('owned-by-other', { object: objectOf(place), owner: owners }));
}

/** Refuses a paused Deployment: a change of its template would wait unseen until somebody resumes it. */
export function refusePaused(place: Place, workload: Workload): void {
  if (!workload.spec.paused) return;
  const command = `kubectl -n ${place.namespace} rollout resume deployment/${workloadOf(place).name}`;
  const detail = `it is paused, so nothing would roll out; resume it first: ${command}`;
  throw new Refusal(reason('plan-failed', { object: objectOf(place), why: 'paused', command }, detail));
}
