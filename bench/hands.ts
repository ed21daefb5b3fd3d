import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { buttonValue } from '../src/domain/button.ts';
import { type RunId, targetId } from '../src/domain/ids.ts';
import { isFinal } from '../src/domain/status.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import type { Reply } from '../test/fakes/slack/requests.ts';
import { type SlackRig, startSlackRig } from '../test/fakes/slack/rig.ts';

/** The channel of every measured target, by name. */
const room = 'ops';

/** No form is opened: a trigger that Slack would not take saves asking it for one before each request. */
const trigger = () => ({ triggerId: randomUUID() });

/** A workspace with who asks and who approves. */
export function openWorkspace(): Promise<SlackRig> {
  return startSlackRig({ users: ['mara', 'jon'], channels: [room] });
}

/** Types `/rollback` for a target. */
export function ask(slack: SlackRig, url: string, lane: number): Promise<Reply> {
  return slack.command(url, 'mara', room, `shop in e${lane} because measured`, trigger());
}

/** Clicks Approve on a run's card. */
export function approve(
  slack: SlackRig,
  url: string,
  run: { readonly id: RunId; readonly version: number },
): Promise<Reply> {
  const button = { type: 'button', action_id: 'run-approve', block_id: 'b', value: buttonValue(run.id, run.version) };
  const blocks = [{ type: 'actions', block_id: 'b', elements: [button] }];
  const card = { ts: '1700000000.000100', channel: slack.channel(room), text: '', blocks };
  return slack.click(url, 'jon', card, 'run-approve', trigger());
}

/** Waits until a target's run asks for approval; answers it. */
export async function asked(runs: RunStore, lane: number): Promise<{ readonly id: RunId; readonly version: number }> {
  const target = targetId('shop', `e${lane}`);
  return eventually(`a run of ${target} that asks`, async () => {
    const id = await runs.openRun(target);
    const found = id && (await runs.read(id));
    return found && found.run.status === 'awaiting-approval' ? found.run : null;
  });
}

/** Waits until a run is over. */
export async function over(runs: RunStore, id: RunId): Promise<void> {
  await eventually(`the end of ${id}`, async () => {
    const found = await runs.read(id);
    if (found?.run.status === 'needs-operator')
      throw new Error(`${id} needs an operator: ${JSON.stringify(found.run.stop)}`);
    return found && isFinal(found.run.status) ? true : null;
  });
}

async function eventually<T>(what: string, ask: () => Promise<T | null>): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(5)) {
    const answer = await ask();
    if (answer !== null) return answer;
  }
  throw new Error(`not seen in a minute: ${what}`);
}
