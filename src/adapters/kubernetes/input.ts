import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';
import type { KeptTexts } from '../../ports/kept-texts.ts';
import { ownerFields } from '../../ports/owner-choice.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { labelsField } from './labels.ts';

/** What the composition root hands to everything of this adapter. */
export interface KubernetesDeps {
  /** Paths of kubeconfig files as KUBECONFIG holds them; null where the bot runs inside the cluster it acts on. */
  readonly kubeconfig: string | null;
  readonly clock: { now(): number };
  /** PATH, HOME and the like, which plugins that a kubeconfig names are run with. */
  readonly childEnvironment: Readonly<Record<string, string>>;
}

/** What whoever knows releases needs besides: the contents of configuration as they were. */
export interface KubernetesReleaseDeps extends KubernetesDeps {
  readonly kept: KeptTexts;
}

/** What steps need besides, that take values by reference or files beside the catalogue. */
export interface KubernetesStepDeps extends KubernetesReleaseDeps {
  readonly readSecret: ReadSecret;
  /** Absolute path of the folder that the catalogue lies in. */
  readonly catalogueFolder: string;
}

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** Tools read it as "every one"; nobody means an object of that name. */
const everything = 'all';
/** A namespace: a DNS label. */
export const namespaceName = z
  .string()
  .regex(new RegExp(`^${label}$`), 'not a Kubernetes namespace name')
  .refine(name => name !== everything, 'not one namespace');
/** An object's name: a DNS subdomain. */
export const objectName = z
  .string()
  .max(253)
  .regex(new RegExp(`^${label}(\\.${label})*$`), 'not a Kubernetes object name')
  .refine(name => name !== everything, 'not one object');
/** A name out of a kubeconfig: anything printable that no tool could take for a flag. */
const contextName = z.string().regex(/^(?!-)[\x21-\x7e]{1,253}$/, 'not a context name');
const filePath = z.string().regex(/^\/[^\0\n\r]{1,4000}$/, 'not an absolute path');
/** An environment variable's name as Kubernetes takes it, less the forms that shells cannot read. */
export const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,252}$/, 'not an environment variable name');
const keyName = z.string().regex(/^[-._a-zA-Z0-9]{1,253}$/, 'not a key of a ConfigMap or Secret');

/** Where an object is. */
export const whereFields = {
  namespace: namespaceName.describe('Its namespace.'),
  context: contextName.nullable().default(null).describe('Context of the kubeconfig; the current one unless set.'),
  kubeconfig: filePath.nullable().default(null).describe('Path of a kubeconfig for this target alone.'),
};

/** Which Deployment of which cluster, for what Deployments alone can do. */
export const placeFields = { deployment: objectName.describe('Name of the Deployment.'), ...whereFields };

/** Keys that name a workload, with the kind each is for. */
const workloadKinds = { deployment: 'Deployment', statefulSet: 'StatefulSet', daemonSet: 'DaemonSet' } as const;
type WorkloadKey = keyof typeof workloadKinds;
const workloadKeys = Object.keys(workloadKinds) as WorkloadKey[];
/** A step that names one kind of workload means that one, whatever its target names: `insteadOf` tells the catalogue's reader so. */
const workloadName = (key: WorkloadKey) =>
  objectName
    .exactOptional()
    .describe(`Name of the ${workloadKinds[key]}.`)
    .meta({ insteadOf: workloadKeys.filter(other => other !== key) });

/** Which workload of which cluster; exactly one of the three names is there, see `namesOneWorkload`. */
export const workloadFields = {
  deployment: workloadName('deployment'),
  statefulSet: workloadName('statefulSet'),
  daemonSet: workloadName('daemonSet'),
  ...whereFields,
};

/** Kinds of workload that keep a history of their pod templates. */
export type WorkloadKind = (typeof workloadKinds)[WorkloadKey];

type Named = { readonly [key in WorkloadKey]?: string };

/** Whether exactly one workload is named. */
export function namesOneWorkload(place: Named): boolean {
  return workloadKeys.filter(key => place[key] !== undefined).length === 1;
}

/** What is said where `namesOneWorkload` is false. */
export const oneWorkload = 'needs exactly one of deployment, statefulSet, daemonSet';

/** One workload out of a list. */
const listed = z.union([
  z.strictObject({ deployment: objectName.describe('Name of a Deployment.') }),
  z.strictObject({ statefulSet: objectName.describe('Name of a StatefulSet.') }),
  z.strictObject({ daemonSet: objectName.describe('Name of a DaemonSet.') }),
]);
const severalKeys = [...workloadKeys, 'workloads', 'selector'] as const;
const others = (key: (typeof severalKeys)[number]) => ({ insteadOf: severalKeys.filter(other => other !== key) });
const ownName = (key: WorkloadKey) => workloadFields[key].meta(others(key));

/** Which workloads of which cluster: one by its name, a list, or those that have some labels; see `namesWorkloads`. */
export const severalFields = {
  deployment: ownName('deployment'),
  statefulSet: ownName('statefulSet'),
  daemonSet: ownName('daemonSet'),
  workloads: z
    .array(listed)
    .min(1)
    .max(100)
    .exactOptional()
    .describe('Several workloads: each is changed by an operation of its own, at most ten at once.')
    .meta(others('workloads')),
  selector: labelsField
    .exactOptional()
    .describe('Labels; every Deployment, StatefulSet and DaemonSet that has them when the plan is made is changed.')
    .meta(others('selector')),
  ...whereFields,
};

/** Whether workloads are named in exactly one way, and none of a list twice. */
export function namesWorkloads(input: { readonly [key in (typeof severalKeys)[number]]?: unknown }): boolean {
  const list = Array.isArray(input.workloads) ? input.workloads.map(one => JSON.stringify(one)) : [];
  const ways = severalKeys.filter(key => input[key] !== undefined);
  return ways.length === 1 && new Set(list).size === list.length;
}

/** What is said where `namesWorkloads` is false. */
export const someWorkloads =
  'needs exactly one of deployment, statefulSet, daemonSet, workloads, selector, and no workload twice';

/** The workload that an input or an operation's body names. Throws where none is named: its schema lets no such thing through. */
export function workloadOf(place: Named): { readonly kind: WorkloadKind; readonly name: string } {
  for (const key of workloadKeys) {
    const name = place[key];
    if (name !== undefined) return { kind: workloadKinds[key], name };
  }
  throw new Error(oneWorkload);
}

/** The part of an input that says where its workload is, as operations carry it. */
export function placeOf(place: Place): Place {
  const { namespace, context, kubeconfig } = place;
  const names = workloadKeys.flatMap(key => (place[key] === undefined ? [] : [[key, place[key]]]));
  return { ...Object.fromEntries(names), namespace, context, kubeconfig };
}

/** How long a trouble that may pass is watched. */
export const graceField = z
  .number()
  .int()
  .min(0)
  .max(600)
  .default(10)
  .describe(
    'Seconds that a crash loop, a failing image pull or the like must last before the rollout counts as failed.',
  );

/** Input of `kubernetes.rollout-undo`. */
export const undoInput = z
  .strictObject({
    ...severalFields,
    ...ownerFields,
    graceSeconds: graceField,
    replaceImmutable: z
      .boolean()
      .default(false)
      .describe('Whether an immutable ConfigMap or Secret that has to be changed back is deleted and created anew.'),
  })
  .refine(namesWorkloads, someWorkloads);

/** A value for a variable: text, or a key of a Secret or ConfigMap, so that no secret stands in a catalogue. */
export const variableValue = z.union([
  z
    .string()
    .max(32_768)
    .regex(/^[^\0]*$/, 'holds a NUL character'),
  z.strictObject({ secret: objectName, key: keyName }),
  z.strictObject({ configMap: objectName, key: keyName }),
]);

/** Input of `kubernetes.set-env`. */
export const setEnvInput = z
  .strictObject({
    ...severalFields,
    ...ownerFields,
    set: z
      .record(variableName, variableValue)
      .refine(
        all =>
          Object.entries(all).every(
            ([name, value]) =>
              typeof value === 'object' || value === '' || !(isSecretName(name) || isSecretValue(value)),
          ),
        'a value that looks secret is given by reference: {secret: NAME, key: KEY}',
      )
      .default({})
      .describe('Variables to set.'),
    remove: z.array(variableName).default([]).describe('Variables to remove.'),
    containers: z.array(objectName).min(1).nullable().default(null).describe('Containers to change; all unless set.'),
    graceSeconds: graceField,
  })
  .refine(namesWorkloads, someWorkloads)
  .refine(input => Object.keys(input.set).length + input.remove.length > 0, 'names no variable to set or remove')
  .refine(input => input.remove.every(name => !(name in input.set)), 'sets and removes the same variable');

/** Input of the release sources and of the check `kubernetes.rollout`. */
export const placeInput = z.strictObject(workloadFields).refine(namesOneWorkload, oneWorkload);

/** Which workload of which cluster, read from an input or an operation's body. */
export type Place = z.infer<typeof placeInput>;

/** The thing as kubectl names it, e.g. `statefulset shop/db`. */
export function objectOf(place: Named & Pick<Place, 'namespace'>): string {
  const { kind, name } = workloadOf(place);
  return `${kind.toLowerCase()} ${place.namespace}/${name}`;
}

const workloadsIn = z.looseObject(severalFields).refine(namesWorkloads);

/** The templates that a step with this input changes, in words, for kinds that change one from what it was when they were planned. */
export function claimsTemplate(input: JsonObject): readonly string[] {
  // Of an input that is wrong every problem is told already, and it claims nothing.
  const read = workloadsIn.safeParse(input);
  if (!read.success) return [];
  const { workloads, selector, ...own } = read.data;
  const { namespace, context, kubeconfig } = own;
  const where = [context && `context ${context}`, kubeconfig].filter(Boolean);
  // Which workloads have some labels is known only when the plan is made, which is judged by what it changes.
  const places = selector ? [] : (workloads?.map(named => ({ ...named, namespace })) ?? [own]);
  return places.map(
    place => `the pod template of ${objectOf(place)}${where.length > 0 ? ` (${where.join(', ')})` : ''}`,
  );
}
