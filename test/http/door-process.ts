import { admitHook, type HookDeps, takeHook } from '../../commands/alerts/receive-hook.ts';
import { createMetrics } from '../../src/adapters/http/metrics.ts';
import { sameSecret } from '../../src/adapters/http/same-secret.ts';
import { openHttpDoor } from '../../src/adapters/http/server.ts';

/** The HTTP door in a process of its own, so that its memory can be measured: prints its port. Bodies are taken and forgotten. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const hooks: HookDeps = {
  hooks: () => ({ alertmanager: [{ name: 'main', secrets: [{ env: 'ONE' }] }], deployments: [] }),
  readSecret: async () => 'one',
  same: sameSecret,
  alerts: { take: async () => 'taken' },
  ring() {},
  log: silent,
};
const door = await openHttpDoor(
  {
    admit: head => admitHook(hooks, head),
    take: call => takeHook(hooks, call),
    ready: async () => ({ ok: true, missing: [] }),
    metrics: createMetrics(),
    fallback: null,
    clock: { now: () => Date.now() },
    log: silent,
  },
  '127.0.0.1',
  0,
);
process.stdout.write(`${door.port}\n`);
