import { expect, it } from 'vitest';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { openPlace } from './targets.ts';
import { makeDeployment, podsOf, rolledOut } from './workloads.ts';

const cluster = useCluster();

it('a release that crashes in a loop or misses its deadline is seen to fail, a healthy one is not', {
  timeout: 180_000,
}, async () => {
  const { api } = cluster;
  const place = await openPlace(cluster);
  const { namespace } = place;
  await makeDeployment(api, namespace, 'well', { replicas: 1 });
  await makeDeployment(api, namespace, 'late', {
    replicas: 1,
    image: 'app:none',
    probe: false,
    spec: { progressDeadlineSeconds: 2 },
  });
  await makeDeployment(api, namespace, 'loop', { replicas: 1, image: 'app:crash', probe: false });
  await rolledOut(api, namespace, 'well');
  const look = (deployment: string) => place.look({ namespace, deployment });
  expect(await look('well')).toMatchObject({ settled: true, restarts: 0, failing: null });
  const late = await eventually('a missed deadline', async () => {
    const seen = await look('late');
    return seen.failing ? seen : false;
  });
  expect(late).toMatchObject({ settled: false, failing: { code: 'release-missed-deadline' } });
  const looping = await eventually(
    'a crash loop',
    async () => {
      const seen = await look('loop');
      return seen.failing ? seen : false;
    },
    120_000,
  );
  expect(looping).toMatchObject({ settled: false, failing: { code: 'release-crash-looping', facts: { restarts: 3 } } });
  expect((await podsOf(api, namespace, 'late')).length).toBe(1);
});
