import { z } from 'zod';
import { parseDuration } from '../../domain/duration.ts';
import type { OpenCluster } from '../../ports/cluster.ts';
import { ownerFields } from '../../ports/owner-choice.ts';
import type { OpenOwners } from '../../ports/owners.ts';
import type { Processes } from '../../ports/processes.ts';

/** What the composition root hands to everything of this adapter. */
export interface HelmDeps {
  readonly processes: Processes;
  readonly openCluster: OpenCluster;
  readonly openOwners: OpenOwners;
  /** Paths of kubeconfig files as KUBECONFIG holds them; null where the bot runs inside the cluster it acts on. */
  readonly kubeconfig: string | null;
  /** The variables by which a program in a pod finds its API server; empty outside of one. */
  readonly clusterVariables: Readonly<Record<string, string>>;
  /** Where helm finds no configuration, no plugin and no repository of anybody's. */
  readonly stateDir: string;
  readonly clock: { now(): number };
}

const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
/** Tools read it as "every one"; nobody means an object of that name. */
const everything = 'all';
const namespaceName = z
  .string()
  .regex(new RegExp(`^${label}$`), 'not a Kubernetes namespace name')
  .refine(name => name !== everything, 'not one namespace');
/** A release's name as Helm takes it: a DNS subdomain of at most 53 characters. */
const releaseName = z
  .string()
  .max(53)
  .regex(new RegExp(`^${label}(\\.${label})*$`), 'not a Helm release name')
  .refine(name => name !== everything, 'not one release');
const contextName = z.string().regex(/^(?!-)[\x21-\x7e]{1,253}$/, 'not a context name');
const filePath = z.string().regex(/^\/[^\0\n\r]{1,4000}$/, 'not an absolute path');
/** A program's name or absolute path. */
export const programName = z
  .string()
  .max(255)
  .regex(/^(?!-)(?!.*\/\.\.?(\/|$))(\/[A-Za-z0-9_.+@/-]+|[A-Za-z0-9_.+@-]+)$/, 'not a program name or absolute path');

/** Which Helm release of which cluster. */
export const placeFields = {
  release: releaseName.describe('Name of the Helm release.'),
  namespace: namespaceName.describe('Its namespace.'),
  context: contextName.nullable().default(null).describe('Context of the kubeconfig; the current one unless set.'),
  kubeconfig: filePath.nullable().default(null).describe('Path of a kubeconfig for this target alone.'),
};

/** Input of the release source `helm.release`. */
export const placeInput = z.strictObject(placeFields);

const timeout = z
  .string()
  .max(20)
  .refine(text => {
    const ms = parseDuration(text);
    return ms !== null && ms >= 1_000 && ms <= 3_600_000;
  }, 'not a duration such as 5m, from 1s to 1h');

/** Input of `helm.rollback`. */
export const rollbackInput = z
  .strictObject({
    ...placeFields,
    ...ownerFields,
    binary: programName.default('helm').describe('The helm program: Helm 3 or 4, by name or absolute path.'),
    timeout: timeout
      .default('5m')
      .describe('How long helm waits for each of its operations; keep the time limit of the step above it.'),
    hooks: z
      .enum(['run', 'skip'])
      .default('run')
      .describe("Whether the target revision's rollback hooks run; they may hold migrations."),
    waitForJobs: z.boolean().default(false).describe('Whether helm also waits for Jobs.'),
    cleanupOnFail: z.boolean().default(true).describe('Whether what a failed rollback created is deleted.'),
    force: z
      .boolean()
      .default(false)
      .describe(
        'Replaces objects whole instead of patching them: what others changed in them is lost; for emergencies.',
      ),
    forceConflicts: z
      .boolean()
      .default(false)
      .describe('Takes fields over that others applied server-side (Helm 4 only).'),
  })
  .refine(({ force, forceConflicts }) => !(force && forceConflicts), {
    path: ['forceConflicts'],
    error: 'what is replaced whole takes all fields over already: name one of force and forceConflicts',
  });

/** Which Helm release of which cluster, read from an input or an operation's body. */
export type Place = z.infer<typeof placeInput>;
/** Input of `helm.rollback`, read. */
export type RollbackInput = z.infer<typeof rollbackInput>;

/** The thing as people name it. */
export function objectOf(place: Pick<Place, 'namespace' | 'release'>): string {
  return `helm release ${place.namespace}/${place.release}`;
}
