import { describe, expect, it } from 'vitest';
import { jobsCatalogue, runbook, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

describe('one run from request to record', () => {
  it('plans, asks, executes, verifies and records, and touches the target once', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag'), step('pool')])] }));
    const id = await rig.request();
    const waiting = await rig.until(id, 'awaiting-approval');
    expect(rig.target.effects).toEqual([]);
    expect(waiting.plan?.operations.map(({ object, index }) => [object, index])).toEqual([
      ['flag', 0],
      ['pool', 1],
    ]);
    await rig.vote(id, 'jon');
    const over = await rig.recorded(id);
    expect(over.status).toBe('succeeded');
    expect(rig.target.effects.map(({ object, value, key }) => [object, value, key])).toEqual([
      ['flag', 'good', `${id}/apply/0`],
      ['pool', 'good', `${id}/apply/1`],
    ]);
    expect(await rig.events(id)).toEqual([
      'requested',
      'planned',
      'approval-asked',
      'voted',
      'approved',
      'preflight-started',
      'execution-started',
      'operation-begun',
      'operation-ended',
      'operation-begun',
      'operation-ended',
      'executed',
      'check-ended',
      'ended',
      'recorded',
    ]);
    expect(rig.kept.has(id)).toBe(true);
    expect(await rig.store.openRun(over.request.target)).toBeNull();
  });
});
