/** The queue of the bare BullMQ worker that runs beside the engine. */
export const bareQueue = 'bare';

/** Tells when a run's operation, or the rival's job, was reached, on the clock that all processes share. */
export interface Reached {
  readonly what: string;
  readonly at: number;
}
