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

/**
 * How often the event loop's delay is sampled, in ms. The library's 10 ms wake an idle process a hundred times a second: two thirds of the
 * processor time it takes. What is made of so few samples is left out; the lag at each scrape stays.
 */
const seldomMs = 60_000;
const sampled = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'] as const;

/** Makes the metrics of this process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: seldomMs });
  for (const name of sampled) registry.removeSingleMetric(`nodejs_eventloop_lag_${name}_seconds`);
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
