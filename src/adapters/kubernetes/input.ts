import { z } from 'zod';

/** What the composition root hands to everything of this adapter. */
export interface KubernetesDeps {
  /** Paths of kubeconfig files as KUBECONFIG holds them; null where the bot runs inside the cluster it acts on. */
  readonly kubeconfig: string | null;
  readonly clock: { now(): number };
}

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** Tools read it as "every one"; nobody means an object of that name. */
const everything = 'all';
/** A namespace: a DNS label. */
const namespaceName = z
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

/** Which Deployment of which cluster. */
export const placeFields = {
  deployment: objectName.describe('Name of the Deployment.'),
  namespace: namespaceName.describe('Its namespace.'),
  context: contextName.nullable().default(null).describe('Context of the kubeconfig; the current one unless set.'),
  kubeconfig: filePath.nullable().default(null).describe('Path of a kubeconfig for this target alone.'),
};

const graceField = z
  .number()
  .int()
  .min(0)
  .max(600)
  .default(10)
  .describe(
    'Seconds that a crash loop, a failing image pull or the like must last before the rollout counts as failed.',
  );

/** Input of `kubernetes.rollout-undo`. */
export const undoInput = z.strictObject({ ...placeFields, graceSeconds: graceField });

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
    ...placeFields,
    set: z.record(variableName, variableValue).default({}).describe('Variables to set.'),
    remove: z.array(variableName).default([]).describe('Variables to remove.'),
    containers: z.array(objectName).min(1).nullable().default(null).describe('Containers to change; all unless set.'),
    graceSeconds: graceField,
  })
  .refine(input => Object.keys(input.set).length + input.remove.length > 0, 'names no variable to set or remove')
  .refine(input => input.remove.every(name => !(name in input.set)), 'sets and removes the same variable');

/** Input of the release source and of the check `kubernetes.rollout`. */
export const placeInput = z.strictObject(placeFields);

/** Which Deployment of which cluster, read from an input or an operation's body. */
export type Place = z.infer<typeof placeInput>;

/** The thing as kubectl names it. */
export function objectOf(place: Pick<Place, 'namespace' | 'deployment'>): string {
  return `deployment ${place.namespace}/${place.deployment}`;
}
