import type { CheckEntry } from '../../ports/check.ts';
import type { ExecutorEntry } from '../../ports/executor.ts';
import type { ReleaseSourceEntry } from '../../ports/release-source.ts';
import { applyInput } from './apply-input.ts';
import { clusterChecks } from './checks/entries.ts';
import { httpStepInput } from './checks/service-input.ts';
import { configMapInput, secretInput } from './configuration-input.ts';
import {
  claimsTemplate,
  type KubernetesDeps,
  type KubernetesReleaseDeps,
  type KubernetesStepDeps,
  placeInput,
  setEnvInput,
  undoInput,
} from './input.ts';
import { podExecutors } from './pods-entries.ts';
import { rolloutExecutors } from './rollout-entries.ts';
import { serviceSelectorInput } from './service-input.ts';
import { trafficExecutors } from './traffic-entries.ts';

/** Rows for the table of executors; what talks to a cluster is loaded when a catalogue needs it. */
export const kubernetesExecutors: readonly ExecutorEntry<KubernetesStepDeps>[] = [
  {
    kind: 'kubernetes.rollout-undo',
    input: undoInput,
    claims: claimsTemplate,
    summary: 'Takes a workload back to the pod template of the chosen release, out of its own history.',
    fenced: true,
    hostLocal: false,
    needsRelease: true,
    load: async deps => {
      const [{ createUndo }, { createConnect }] = await Promise.all([import('./undo.ts'), import('./connect.ts')]);
      return createUndo(createConnect(deps), deps);
    },
  },
  {
    kind: 'kubernetes.set-env',
    input: setEnvInput,
    claims: claimsTemplate,
    summary: "Sets or removes environment variables of a workload's containers.",
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createSetEnv }, { createConnect }] = await Promise.all([import('./set-env.ts'), import('./connect.ts')]);
      return createSetEnv(createConnect(deps), deps.clock);
    },
  },
  {
    kind: 'kubernetes.configmap',
    input: configMapInput,
    summary: 'Sets or removes keys of a ConfigMap; says which workloads read it and which of them need a restart.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createConfigMap }, { createConnect }] = await Promise.all([
        import('./configmap.ts'),
        import('./connect.ts'),
      ]);
      return createConfigMap(createConnect(deps), deps.clock, deps.readSecret);
    },
  },
  {
    kind: 'kubernetes.secret',
    input: secretInput,
    summary: 'Sets or removes keys of a Secret, each value by reference; the old ones are kept inside the cluster.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createSecret }, { createConnect }] = await Promise.all([import('./secret.ts'), import('./connect.ts')]);
      return createSecret(createConnect(deps), deps.clock, deps.readSecret);
    },
  },
  {
    kind: 'kubernetes.service-selector',
    input: serviceSelectorInput,
    summary: 'Leads a Service to other pods by its selector (blue/green), once enough of them are ready.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createServiceSelector }, { createConnect }] = await Promise.all([
        import('./service-selector.ts'),
        import('./connect.ts'),
      ]);
      return createServiceSelector(createConnect(deps), deps.clock);
    },
  },
  {
    kind: 'kubernetes.apply',
    input: applyInput,
    summary: 'Applies a folder of manifests server-side, with a diff of each object; deletes nothing.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createApply }, { createConnect }] = await Promise.all([import('./apply.ts'), import('./connect.ts')]);
      return createApply(createConnect(deps), deps);
    },
  },
  {
    kind: 'kubernetes.http',
    input: httpStepInput,
    summary: 'Changes nothing: the run goes on only after a Service gave so many good answers through the API server.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createAwaitHttp }, { createConnect }] = await Promise.all([
        import('./await-http.ts'),
        import('./connect.ts'),
      ]);
      return createAwaitHttp(createConnect(deps), deps.clock);
    },
  },
  ...podExecutors,
  ...rolloutExecutors,
  ...trafficExecutors,
];

/** Rows for the table of checks. */
export const kubernetesChecks: readonly CheckEntry<KubernetesDeps>[] = [
  {
    kind: 'kubernetes.rollout',
    input: placeInput,
    summary: "Passes when every pod of the workload runs the run's release and is available.",
    hostLocal: false,
    load: async deps => {
      const [{ createRolloutCheck }, { createConnect }] = await Promise.all([
        import('./check.ts'),
        import('./connect.ts'),
      ]);
      return createRolloutCheck(createConnect(deps));
    },
  },
  ...clusterChecks,
];

/** Rows for the table of release sources. */
export const kubernetesReleaseSources: readonly ReleaseSourceEntry<KubernetesReleaseDeps>[] = [
  {
    kind: 'kubernetes.deployment',
    input: placeInput,
    summary:
      'Shows which pod template of a workload runs, with which ConfigMaps and Secrets, and which its history still holds.',
    hostLocal: false,
    load: async deps => {
      const [{ createReleaseSource }, { createConnect }] = await Promise.all([
        import('./release-source.ts'),
        import('./connect.ts'),
      ]);
      return createReleaseSource(createConnect(deps), deps);
    },
  },
];
