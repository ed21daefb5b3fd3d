import { Refusal, reason } from '../../domain/reason.ts';
import type { Part } from './manifest.ts';

/** Labels and annotations by which a reconciler shows that it renders a release and would put the failing one back. */
const marks: readonly { readonly owner: string; readonly label?: string; readonly annotation?: string }[] = [
  { owner: 'Flux', label: 'helm.toolkit.fluxcd.io/name' },
  { owner: 'Flux', label: 'kustomize.toolkit.fluxcd.io/name' },
  { owner: 'Argo CD', annotation: 'argocd.argoproj.io/tracking-id' },
  { owner: 'Argo CD', label: 'argocd.argoproj.io/instance' },
  { owner: 'Fleet', label: 'fleet.cattle.io/bundle-name' },
];

/** Refuses a release whose objects another tool manages. */
export function refuseManaged(object: string, parts: readonly Part[]): void {
  const owners = marks
    .filter(({ label, annotation }) =>
      parts.some(part => (label && label in part.labels) || (annotation && annotation in part.annotations)),
    )
    .map(({ owner }) => owner);
  const owner = [...new Set(owners)];
  if (owner.length > 0) throw new Refusal(reason('owned-by-other', { object, owner, can: ['git'] }));
}
