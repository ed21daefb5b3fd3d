import { placeInput } from '../adapters/helm/input.ts';
import { createProcesses } from '../adapters/process/processes.ts';
import { clusterVariables, type Environment, inheritedVariables } from '../config/env.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { Clock } from '../ports/clock.ts';
import type { Probe } from '../ports/probe.ts';

/** Looks at every Helm release that today's catalogue names. */
export function helmProbe(parts: {
  readonly env: Environment;
  readonly clock: Clock;
  readonly today: () => Catalogue | null;
}): Probe {
  const { env, clock, today } = parts;
  return async context => {
    const releases = namedReleases(today());
    if (releases.length === 0) return [];
    const { createHelmProbe } = await import('../adapters/helm/doctor.ts');
    const { createOpenCluster } = await import('../adapters/kubernetes/cluster.ts');
    const { PATH = '', HOME = '/' } = inheritedVariables();
    const kubeconfig = env.KUBECONFIG;
    const deps = {
      processes: createProcesses({ path: PATH, home: HOME }),
      openCluster: createOpenCluster({ kubeconfig, childEnvironment: inheritedVariables() }),
      kubeconfig,
      clusterVariables: clusterVariables(),
      stateDir: env.BACKOUT_STATE_DIR,
      clock,
    };
    return createHelmProbe(deps, releases)(context);
  };
}

/** The Helm releases that a catalogue names, with the helm program where one is named. */
export function namedReleases(catalogue: Catalogue | null) {
  const targets = Object.values(catalogue?.services ?? {}).flatMap(service => Object.values(service.environments));
  const used = targets.flatMap(({ releaseSource, runbooks }) => [
    ...runbooks.flatMap(({ steps }) => steps),
    ...(releaseSource ? [releaseSource] : []),
  ]);
  const named = used.flatMap(({ kind, input }) => {
    if (!kind.startsWith('helm.')) return [];
    const { release, namespace, context, kubeconfig, binary } = input;
    const place = placeInput.safeParse({ release, namespace, context, kubeconfig });
    return place.success ? [{ ...place.data, binary: typeof binary === 'string' ? binary : null }] : [];
  });
  const withProgram = named.filter(({ binary }) => binary !== null);
  const same = (a: object, b: object) => JSON.stringify({ ...a, binary: 0 }) === JSON.stringify({ ...b, binary: 0 });
  const alone = named.filter(one => one.binary === null && !withProgram.some(other => same(one, other)));
  return [...new Map([...withProgram, ...alone].map(one => [JSON.stringify(one), one])).values()];
}
