import { type Job, type JobsOptions, Queue, Worker } from 'bullmq';
import { redisPlace } from '../src/adapters/redis/connection.ts';

/** How many steps every measured run and job has. */
export const steps = 5;

/** How a worker of step jobs is set; what is left out is BullMQ's default. */
export interface StepJobSettings {
  readonly concurrency?: number;
  readonly lockDuration?: number;
  readonly stalledInterval?: number;
  readonly maxStalledCount?: number;
}

/** The step job of BullMQ's own documentation: a step, then its number in the job's data. */
export async function stepJobWorker(
  redisUrl: string,
  queue: string,
  settings: StepJobSettings,
  step: (job: Job, step: number) => Promise<void>,
): Promise<Worker> {
  const worker = new Worker(
    queue,
    async job => {
      for (let at: number = job.data.step; at < steps; at += 1) {
        await step(job, at);
        await job.updateData({ step: at + 1 });
      }
    },
    { connection: { ...redisPlace(redisUrl), maxRetriesPerRequest: null }, ...settings },
  );
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  return worker;
}

/** A queue of the rival. */
export function rivalQueue(redisUrl: string, name: string, options: JobsOptions = {}): Queue {
  const queue = new Queue(name, { connection: redisPlace(redisUrl), defaultJobOptions: options });
  queue.on('error', () => undefined);
  return queue;
}
