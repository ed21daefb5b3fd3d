import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricSink } from './server.ts';

/** What the process tells Prometheus. */
export interface Metrics extends MetricSink {
  /** Runs by the status they are in or ended in. */
  countRun(status: string): void;
  /** A number that is read when it is asked for; one that cannot be read is left out. */
  gauge(name: string, help: string, read: () => Promise<number>): void;
  text(): Promise<{ readonly type: string; readonly body: string }>;
}

/** Makes the metrics of this process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const runs = new Counter({
    name: 'backout_runs_total',
    help: 'Runs by status reached',
    labelNames: ['status'],
    registers,
  });
  const hooks = new Counter({
    name: 'backout_hook_requests_total',
    help: 'Webhook requests by door and answer',
    labelNames: ['door', 'code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'backout_http_seconds',
    help: 'Time to the answer of a webhook',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  return {
    countRun: status => runs.inc({ status }),
    hook(door, code, ms) {
      hooks.inc({ door, code: String(code) });
      seconds.observe(ms / 1_000);
    },
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers,
        collect: async () => {
          await read().then(
            value => gauge.set(value),
            () => gauge.reset(),
          );
        },
      });
    },
    text: async () => ({ type: registry.contentType, body: await registry.metrics() }),
  };
}
