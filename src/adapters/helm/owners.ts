import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { MarkedObject, OpenOwners } from '../../ports/owners.ts';
import { objectOf, type RollbackInput } from './input.ts';
import type { Part } from './manifest.ts';

/** Labels and annotations by which a reconciler shows that it renders a release and would put the failing one back. */
const marks: readonly {
  readonly owner: string;
  readonly label?: string;
  readonly annotation?: string;
  /** Nothing of it can be told to stop. */
  readonly passive?: true;
}[] = [
  { owner: 'Flux', label: 'helm.toolkit.fluxcd.io/name' },
  { owner: 'Flux', label: 'kustomize.toolkit.fluxcd.io/name' },
  { owner: 'Argo CD', annotation: 'argocd.argoproj.io/tracking-id' },
  { owner: 'Argo CD', label: 'argocd.argoproj.io/instance' },
  { owner: 'Fleet', label: 'fleet.cattle.io/bundle-name', passive: true },
];

const bears = (part: Part, { label, annotation }: (typeof marks)[number]) =>
  (label !== undefined && label in part.labels) || (annotation !== undefined && annotation in part.annotations);

/** What goes before the rollback of a release whose objects another tool has rendered: nothing, its suspension, or a warning; refuses where the catalogue chose none of them. */
export async function planOwners(
  openOwners: OpenOwners,
  input: RollbackInput,
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<Pick<StepPlan, 'operations' | 'warnings'>> {
  const object = objectOf(input);
  const found = marks.filter(mark => parts.some(part => bears(part, mark)));
  const owner = [...new Set(found.map(mark => mark.owner))];
  if (owner.length === 0) return { operations: [], warnings: [] };
  if (input.owner === 'anyway') return { operations: [], warnings: [note('owner-undoes', { object, owner })] };
  const passive = found.filter(mark => mark.passive);
  if (input.owner === 'refuse' || passive.length > 0) {
    const can = [...(passive.length > 0 ? [] : ['suspend']), 'git', 'anyway'];
    throw new Refusal(reason('owned-by-other', { object, owner, can }));
  }
  const marked = parts.filter(part => found.some(mark => bears(part, mark))).map(markedAs);
  return (await openOwners()).plan(input, marked, input, signal);
}

function markedAs({ body, kind, namespace, name, labels, annotations }: Part): MarkedObject {
  const version = String(body.apiVersion);
  const api = version.includes('/') ? `apis/${version}` : `api/${version}`;
  return { api, kind, namespace, name, labels: textsOf(labels), annotations: textsOf(annotations) };
}

/** A manifest may hold a number where a text belongs. */
function textsOf(found: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, String(value)]));
}
