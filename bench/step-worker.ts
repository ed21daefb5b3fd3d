import { setTimeout as delay } from 'node:timers/promises';
import { onOrders } from './processes.ts';
import { type StepJobSettings, stepJobWorker } from './step-job.ts';

/** What a process with BullMQ's step job is told to be. */
export interface StepOrders {
  readonly redisUrl: string;
  readonly targetUrl: string;
  readonly queue: string;
  readonly settings: StepJobSettings;
}

/** How long before and after its effect a step takes, in ms. */
const halfStepMs = 50;

onOrders<StepOrders>(async ({ redisUrl, targetUrl, queue, settings }) => {
  await stepJobWorker(redisUrl, queue, settings, async (job, step) => {
    await delay(halfStepMs);
    await takeEffect(targetUrl, `${job.id}/${step}`);
    await delay(halfStepMs);
  });
});

async function takeEffect(url: string, key: string): Promise<void> {
  const body = JSON.stringify({ object: key, from: null, to: 'good', fence: 1, key, slowMs: 0, raise: false });
  await fetch(url, { method: 'POST', body });
}
