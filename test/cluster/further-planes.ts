import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApi } from './api.ts';
import type { ClusterEnvironment } from './environment.ts';
import { once } from './once.ts';
import { openPlane, type TestPlane } from './plane.ts';
import { endProcesses, readProcesses } from './processes.ts';
import { audit, planeFolder } from './settings.ts';
import { startPart, startPlaneIn, until } from './start.ts';
import { siteOf } from './stop.ts';

/** A control plane without a node: objects are real and their controllers work, pods stay pending. */
export type FurtherPlane = TestPlane & {
  /** Kills the API server. */
  stopApi(): Promise<void>;
  /** What service accounts asked of its API server, one event of the audit a line; empty where it is not audited. */
  auditLog(): string;
  /** Starts it again, on the same port and the same etcd, and waits until it is ready. */
  startApi(): Promise<void>;
};

/** The control plane of this name, started (audited where they say so) by the first who asks; about 3 s and 0.6 GB for each name. */
export async function openFurtherPlane(
  state: string,
  name: string,
  environment: ClusterEnvironment,
  audited = false,
): Promise<FurtherPlane & { readonly cleanUp: () => Promise<void> }> {
  const folder = join(planeFolder(state), name);
  await once(state, `plane-${name}`, async () => {
    mkdirSync(folder, { recursive: true });
    await startPlaneIn(folder, environment, audited);
  });
  const plane = await openPlane(join(folder, 'kubeconfig'), true);
  return {
    ...plane,
    auditLog: () => {
      const path = join(folder, audit.log);
      return existsSync(path) ? readFileSync(path, 'utf8') : '';
    },
    stopApi: async () => {
      const server = readProcesses(folder).get('kube-apiserver');
      if (server) await endProcesses([server], 0);
    },
    startApi: async () => {
      const site = siteOf(folder);
      if (!site) throw new Error(`no control plane lies in ${folder}`);
      startPart(site, 'kube-apiserver', environment);
      const api = await openApi(plane.kubeconfig);
      await until(folder, 'API server', 'kube-apiserver', async () => {
        await api('GET', '/readyz');
        return true;
      });
    },
  };
}
