import { readFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import { createInterface } from 'node:readline';
import { KubeConfig } from '@kubernetes/client-node';

/** What the API server said of one Deployment, and when it was heard, epoch ms. */
interface Heard {
  readonly at: number;
  readonly generation: number;
  readonly done: boolean;
}

/** Who takes part in no race and stamps when things happen in the cluster. */
export interface Watcher {
  /** Generation of a Deployment as it was heard of last. */
  generation(name: string): number;
  /** When a generation above the one given was there, and when its rollout was done, once both have happened; epoch ms. */
  passed(name: string, generation: number): { readonly begun: number; readonly done: number } | null;
  /** Whether the last word of a Deployment is that it is rolled out. */
  isDone(name: string): boolean;
  close(): void;
}

interface Deployment {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: Readonly<
    Record<'observedGeneration' | 'updatedReplicas' | 'replicas' | 'availableReplicas', number>
  >;
}

/** Watches the Deployments of a namespace from now on. */
export async function watchDeployments(kubeconfig: string, namespace: string): Promise<Watcher> {
  const config = new KubeConfig();
  config.loadFromString(readFileSync(kubeconfig, 'utf8'));
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const url = new URL(
    `/apis/apps/v1/namespaces/${namespace}/deployments?watch=true`,
    config.getCurrentCluster()?.server,
  );
  const heard = new Map<string, Heard[]>();
  const outgoing = request(url, { ...options, timeout: 0 });
  await new Promise<void>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', incoming => {
      createInterface(incoming).on('line', line => hear(heard, line));
      resolve();
    });
    outgoing.end();
  });
  outgoing.on('error', () => undefined);
  const last = (name: string) => heard.get(name)?.at(-1);
  return {
    generation: name => last(name)?.generation ?? 0,
    isDone: name => last(name)?.done ?? false,
    passed: (name, generation) => {
      const after = (heard.get(name) ?? []).filter(one => one.generation > generation);
      const [first] = after;
      const done = after.find(one => one.done);
      return first && done ? { begun: first.at, done: done.at } : null;
    },
    close: () => outgoing.destroy(),
  };
}

/** Done as `kubectl rollout status` sees it. */
function hear(heard: Map<string, Heard[]>, line: string): void {
  const at = Date.now();
  const { metadata, spec, status } = (JSON.parse(line) as { object: Deployment }).object;
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  const done =
    observedGeneration >= metadata.generation &&
    updatedReplicas >= spec.replicas &&
    replicas <= updatedReplicas &&
    availableReplicas >= updatedReplicas;
  const all = heard.get(metadata.name) ?? [];
  all.push({ at, generation: metadata.generation, done });
  heard.set(metadata.name, all);
}
