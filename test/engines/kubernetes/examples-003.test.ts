import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../../src/config/catalogue.ts';
import type { TargetSpec } from '../../../src/domain/catalogue.ts';
import { catalogueTables } from '../../../src/main/tables.ts';
import { useCluster } from '../../cluster/suite.ts';
import { carryOut, checkContext, contexts, openPlace, pick } from './targets.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, rolledOut, setImage } from './workloads.ts';

const cluster = useCluster();

/** The target `my-app/cluster` of the strategy chapter's catalogue, as it stands but for its namespace. */
function exampleTarget(namespace: string): TargetSpec {
  const file = join(import.meta.dirname, '../../../examples/strategy-chapter/backout.yaml');
  const text = readFileSync(file, 'utf8').replace('namespace: default', `namespace: ${namespace}`);
  const read = readCatalogue(catalogueTables, text, file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const target = read.catalogue.services['my-app']?.environments.cluster;
  if (!target) throw new Error('the example has no target my-app/cluster');
  return target;
}

describe('the strategy chapter on a real cluster', { timeout: 120_000 }, () => {
  it('undoes a rollout to the release before and to a named revision, followed to its end (76, 78, 79, 80)', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster);
    const { namespace } = place;
    // Pods of the last one alone: what went before is known by its template.
    await makeDeployment(api, namespace, 'my-app', { replicas: 0 });
    await atRevision(api, namespace, 'my-app', 1);
    await setImage(api, namespace, 'my-app', 'app:1.1.0');
    await atRevision(api, namespace, 'my-app', 2);
    await setImage(api, namespace, 'my-app', 'app:1.2.0');
    await patchDeployment(api, namespace, 'my-app', { spec: { replicas: 1 } });
    await rolledOut(api, namespace, 'my-app');
    const target = exampleTarget(namespace);
    const [runbook] = target.runbooks;
    const [step] = runbook?.steps ?? [];
    const [check] = runbook?.checks ?? [];
    if (!step || !check || !target.releaseSource) throw new Error('the example has no step, check or source');
    const undo = await place.executor(step.kind);
    const verify = await place.check();

    for (const [version, image] of [
      ['1.1.0', 'app:1.1.0'],
      ['1.0.0', 'app:1.0.0'],
    ] as const) {
      const history = await place.look(target.releaseSource.input);
      const to = pick(history, version);
      const plan = await undo.plan(contexts().plan(to), step.input);
      expect(await carryOut(undo, plan.operations)).toMatchObject({ state: 'settled', served: true });
      expect(await imageOf(api, namespace, 'my-app')).toBe(image);
      const ask = verify.start(checkContext(to), check.input);
      expect((await ask()).status).toBe('passed');
    }
  });
});
