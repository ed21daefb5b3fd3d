import type { ExecutorEntry } from '../../ports/executor.ts';
import { claimsTemplate, type KubernetesReleaseDeps } from './input.ts';
import { pauseInput, restartInput, resumeInput, setImageInput, takesImagesOfRelease } from './rollout-input.ts';

const shared = { fenced: true, hostLocal: false, needsRelease: false } as const;

/** Rows for the table of executors, of what kubectl's `rollout` and `set image` do beside an undo. */
export const rolloutExecutors: readonly ExecutorEntry<KubernetesReleaseDeps>[] = [
  {
    ...shared,
    kind: 'kubernetes.rollout-restart',
    input: restartInput,
    claims: claimsTemplate,
    summary: 'Restarts the pods of a workload, by its rollout; the time that is written is fixed in the plan.',
    load: async deps => {
      const [{ createRestart }, { createConnect }] = await Promise.all([
        import('./restart.ts'),
        import('./connect.ts'),
      ]);
      return createRestart(createConnect(deps), deps.clock);
    },
  },
  {
    ...shared,
    kind: 'kubernetes.rollout-pause',
    input: pauseInput,
    summary: 'Pauses a Deployment: what is changed from then on waits.',
    load: async deps => {
      const [{ createPause }, { createConnect }] = await Promise.all([import('./pause.ts'), import('./connect.ts')]);
      return createPause('kubernetes.rollout-pause', createConnect(deps), deps.clock);
    },
  },
  {
    ...shared,
    kind: 'kubernetes.rollout-resume',
    input: resumeInput,
    summary: 'Resumes a paused Deployment: what was changed meanwhile rolls out.',
    load: async deps => {
      const [{ createPause }, { createConnect }] = await Promise.all([import('./pause.ts'), import('./connect.ts')]);
      return createPause('kubernetes.rollout-resume', createConnect(deps), deps.clock);
    },
  },
  {
    ...shared,
    kind: 'kubernetes.set-image',
    input: setImageInput,
    claims: claimsTemplate,
    summary: "Gives a workload's containers named images or those of a release, by digest where one was seen running.",
    needsRelease: takesImagesOfRelease,
    load: async deps => {
      const [{ createSetImage }, { createConnect }] = await Promise.all([
        import('./set-image.ts'),
        import('./connect.ts'),
      ]);
      return createSetImage(createConnect(deps), deps);
    },
  },
];
