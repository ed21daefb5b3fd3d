import type { RunId } from '../domain/ids.ts';

/** The instants between two effects of the engine: the crash suite ends the process at each of them; otherwise nothing happens there. */
export const crashPoints = [
  'plan-compiled',
  'planned',
  'approval-asked',
  'target-acquired',
  'preflight-started',
  'execution-started',
  'operation-begun',
  'fence-raised',
  'operation-observed',
  'operation-applying',
  'operation-applied',
  'operation-settled',
  'operation-verified',
  'operation-ended',
  'compensation-started',
  'executed',
  'check-ended',
  'run-ended',
  'release-held',
  'record-kept',
  'recorded',
] as const;

/** The name of such an instant. */
export type CrashPointName = (typeof crashPoints)[number];

/** Passes one of these instants; production gives a function that does nothing. */
export type CrashPoint = (name: CrashPointName, run: RunId) => Promise<void>;
