import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rootPost } from '../../src/domain/post.ts';
import type { ClaimedPost } from '../../src/ports/outbox.ts';
import { useRig } from './rig.ts';
import { aRequest, aRun } from './sample.ts';

const rig = useRig();

type Act =
  | { readonly do: 'queue'; readonly thread: number; readonly slot: number; readonly urgent: boolean }
  | { readonly do: 'relay'; readonly fate: 'sent' | 'cut before' | 'cut after' | 'refused' | 'timed out' | 'late' }
  | { readonly do: 'hold'; readonly channel: number }
  | { readonly do: 'pass'; readonly ms: number };

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('queue' as const),
        thread: fc.nat({ max: 3 }),
        slot: fc.nat({ max: 5 }),
        urgent: fc.boolean(),
      }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('relay' as const),
        fate: fc.constantFrom('sent', 'sent', 'sent', 'cut before', 'cut after', 'refused', 'timed out', 'late'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), channel: fc.nat({ max: 1 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(10, 1_100, 5_000) }) },
  ),
  { minLength: 20, maxLength: 80, size: 'max' },
);

/** Slack as the outbox sees it: keeps what was posted, and can be looked into by a row's id. */
class FakeSlack {
  readonly posted: { readonly thread: string; readonly slot: string; readonly id: string; readonly ts: string }[] = [];
  readonly shown = new Map<string, number>();

  tell(row: ClaimedPost): string {
    const ts = row.ts ?? `${this.posted.length + 1}.0`;
    if (!row.ts) this.posted.push({ thread: row.post.thread, slot: row.post.slot, id: row.id, ts });
    this.shown.set(`${row.post.thread} ${row.post.slot}`, row.post.event ?? 0);
    return ts;
  }

  probe(row: ClaimedPost): string | null {
    return this.posted.find(post => post.id === row.id)?.ts ?? null;
  }
}

class Desk {
  readonly slack = new FakeSlack();
  readonly queued = new Map<string, string[]>();
  readonly newest = new Map<string, number>();
  #threads: string[] = [];
  #late: { readonly row: ClaimedPost; readonly ts: string }[] = [];
  #count = 0;

  async open(): Promise<void> {
    for (let at = 0; at < 4; at += 1) {
      const run = aRun();
      const target = `s${at}/production` as ReturnType<typeof aRequest>['target'];
      const request = aRequest({ target, channel: `C${at % 2}` });
      await rig.store.create({ ...run, request, posts: [rootPost(run.id)] });
      this.#threads.push(run.id);
      this.queued.set(run.id, ['root']);
      this.newest.set(`${run.id} root`, 0);
    }
  }

  async act(act: Act): Promise<void> {
    if (act.do === 'pass') return rig.pass(act.ms);
    if (act.do === 'hold') return rig.outbox.holdChannel(`C${act.channel}`, (await rig.store.now()) + 1_000);
    if (act.do === 'relay') return this.relay(act.fate);
    const thread = this.#threads[act.thread] ?? '';
    const slot = act.slot === 0 ? 'root' : `slot-${act.slot}`;
    this.#count += 1;
    const urgency = act.urgent ? 'urgent' : 'progress';
    await rig.outbox.add([{ thread, slot, screen: 'reply', urgency, event: this.#count }]);
    const known = this.queued.get(thread) ?? [];
    if (!known.includes(slot)) known.push(slot);
    this.newest.set(`${thread} ${slot}`, this.#count);
  }

  /** One relay's work on one row; being cut off leaves the claim to run out. */
  async relay(fate: Extract<Act, { do: 'relay' }>['fate']): Promise<void> {
    for (const { row, ts } of this.#late.splice(0)) await rig.outbox.sent(row, ts);
    const [row] = await rig.outbox.claim(1, 1_000);
    if (!row || fate === 'cut before') return;
    const found = row.ambiguous && !row.ts ? this.slack.probe(row) : null;
    if (fate === 'refused' && !found) return rig.outbox.retry(row, 10, false);
    if (found) this.slack.shown.set(`${row.post.thread} ${row.post.slot}`, row.post.event ?? 0);
    const ts = found ?? this.slack.tell(row);
    if (fate === 'cut after') return;
    if (fate === 'timed out') return rig.outbox.retry(row, 10, true);
    if (fate === 'late') this.#late.push({ row, ts });
    else await rig.outbox.sent(row, ts);
  }
}

test('I10: a thread’s messages are posted in the order they were queued, each once, and end as last said', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async list => {
      await rig.connection.redis.flushall();
      const desk = new Desk();
      await desk.open();
      for (const act of list) await desk.act(act);
      while ((await rig.outbox.counts()).waiting > 0) {
        await rig.pass(1_100);
        await desk.relay('sent');
      }
      for (const [thread, slots] of desk.queued) {
        expect(desk.slack.posted.filter(post => post.thread === thread).map(post => post.slot)).toEqual(slots);
      }
      expect(desk.slack.shown).toEqual(desk.newest);
    }),
    { numRuns: 30, interruptAfterTimeLimit: 60_000 },
  );
}, 90_000);
