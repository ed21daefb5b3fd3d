import { describe, expect, it } from 'vitest';
import type { StepSpec } from '../../src/domain/catalogue.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { logsName } from '../../src/domain/post.ts';
import { asker, jobsCatalogue, runbook, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

/** A run that asks for approval, with these steps. */
async function waiting(steps: readonly StepSpec[]): Promise<RunId> {
  await rig.publish(jobsCatalogue({ runbooks: [runbook(steps)] }));
  const id = await rig.request();
  await rig.until(id, 'awaiting-approval');
  return id;
}

/** Asks and waits for the answer: the text that is kept, or why there is none. */
async function ask(id: RunId): Promise<string | undefined> {
  await rig.change(id, { events: [{ kind: 'logs-asked', by: asker }] });
  const asked = (await rig.read(id)).events.findLast(event => event.kind === 'logs-asked')?.version ?? 0;
  const answer = await rig.answered(id, asked);
  if (answer.reason) return answer.reason.code;
  const [text] = await rig.deps.kept.read([logsName(id, asked)]);
  return text ?? undefined;
}

describe('the description and logs of a run', () => {
  it('tell of each object, whatever the run is at, and hinder nothing', async () => {
    const id = await waiting([step('flag'), step('pool')]);
    expect(await ask(id)).toBe('flag is bad\n\npool is bad\n');
    await rig.vote(id, 'jon');
    expect((await rig.recorded(id)).status).toBe('succeeded');
    expect(await ask(id)).toBe('flag is good\n\npool is good\n');
    expect((await rig.read(id)).run.status).toBe('succeeded');
  });

  it.each([
    {
      name: 'no executor can tell',
      steps: [step('flag', {}, 'counter.blind')],
      value: 'bad',
      code: 'nothing-to-describe',
    },
    { name: 'the target refuses', steps: [step('flag')], value: 'hidden', code: 'permission-missing' },
  ])('say why there are none where $name', async ({ steps, value, code }) => {
    const id = await waiting(steps);
    rig.target.set('flag', { value });
    expect(await ask(id)).toBe(code);
    expect((await rig.read(id)).run.status).toBe('awaiting-approval');
  });

  it('are answered once, however often the bell rings', async () => {
    const id = await waiting([step('flag')]);
    await ask(id);
    for (let ring = 0; ring < 3; ring += 1) await rig.deps.doorbell.ring(id, `again-${ring}`, null);
    await rig.vote(id, 'jon');
    await rig.recorded(id);
    expect((await rig.events(id)).filter(kind => kind === 'logs-kept')).toHaveLength(1);
  });
});
