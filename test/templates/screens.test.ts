import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseButtonValue } from '../../src/domain/button.ts';
import { locales } from '../../src/domain/catalogue.ts';
import { foldRun } from '../../src/domain/fold.ts';
import { targetParts } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import { type PostScreen, postScreens, replyPost } from '../../src/domain/post.ts';
import { reason } from '../../src/domain/reason.ts';
import { type RunStatus, statuses } from '../../src/domain/status.ts';
import { recordData } from '../../src/record/record-data.ts';
import { renderPost } from '../../templates/index.ts';
import type { RunView } from '../../templates/view.ts';
import { jobsCatalogue, runbook, step } from '../jobs/catalogue.ts';
import { buttonsOf, expectScreen } from './looks.ts';
import { at, type Foreign, plainForeign, runId, viewOf } from './story.ts';

function draw(screen: PostScreen, view: RunView, slot: string = screen) {
  return renderPost({ thread: runId, slot, screen, urgency: 'progress' }, view);
}

function complete(status: RunStatus, change: Partial<RunView> = {}, foreign: Foreign = plainForeign): RunView {
  const view = viewOf(status, change, foreign);
  return { ...view, record: recordData(view.run, at('03:02')) };
}

describe('Every screen in every status', () => {
  for (const locale of locales)
    for (const status of statuses)
      it(`${status}, ${locale}: is within the limits and stands on its text alone`, () => {
        for (const screen of postScreens) expectScreen(draw(screen, complete(status, { locale })));
        for (const event of viewOf(status).run.events)
          expectScreen(renderPost(replyPost(runId, event.version, event.kind), complete(status, { locale })));
      });

  it('tells the event it was posted for, where a person’s slipped in before it', () => {
    const view = viewOf('succeeded');
    const executed = view.run.events.find(({ kind }) => kind === 'executed');
    const post = replyPost(runId, (executed?.version ?? 0) - 1, 'executed');
    expect(renderPost(post, view).text).toBe(
      renderPost(replyPost(runId, executed?.version ?? 0, 'executed'), view).text,
    );
  });

  it('stays so whatever people, alerts, git and servers write', () => {
    const nasty = fc.constantFrom(
      '<!channel>',
      '<@U0EVIL>',
      '<https://x|y>',
      '*',
      '`',
      '&',
      '\u202e',
      '\u0000',
      '\ud800',
    );
    const foreign = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 300 })), { maxLength: 60 });
    const text = foreign.map(parts => parts.join(' '));
    const names = fc.record({
      service: text.map(value => value.replaceAll('/', '') || 'x'),
      from: text,
      to: text,
      reason: text,
      name: text,
      detail: text,
      diff: fc.array(text, { maxLength: 400 }).map(lines => lines.map(line => `+${line}`).join('\n')),
      title: text,
    });
    fc.assert(
      fc.property(names, fc.constantFrom(...statuses), fc.constantFrom(...locales), (one, status, locale) => {
        const view = complete(status, { locale, progress: note('pods-on', {}, one.detail) }, one);
        for (const screen of postScreens) expectScreen(draw(screen, view), false);
      }),
      { numRuns: 60 },
    );
  });

  it('fits even where a plan has hundreds of operations and checks', () => {
    const [first, second, ...rest] = viewOf('verifying').run.events;
    if (first?.kind !== 'requested' || second?.kind !== 'planned') throw new Error('the story begins otherwise');
    const many = <T>(items: readonly T[], change: (item: T, index: number) => T) =>
      Array.from({ length: 300 }, (_, index) => change(items[index % items.length] as T, index));
    const plan = {
      ...second.plan,
      operations: many(second.plan.operations, (one, index) => ({ ...one, index })),
      checks: many(second.plan.checks, (one, index) => ({ ...one, id: `c${index}` })),
      warnings: Array.from({ length: 200 }, (_, index) => note('no-checks', {}, `${index} ${'x'.repeat(400)}`)),
    };
    const events = [first, { ...second, plan }, ...rest];
    const view = { ...viewOf('verifying'), run: { run: foldRun(runId, events), events } };
    for (const screen of postScreens) expectScreen(draw(screen, view));
  });
});

describe('Buttons', () => {
  const expected: readonly [PostScreen, RunStatus, readonly string[]][] = [
    ['card', 'awaiting-approval', ['run-approve', 'run-reject', 'run-diff', 'run-cancel']],
    ['reminder', 'awaiting-approval', ['run-approve', 'run-reject']],
    ['card', 'executing', []],
    ['card', 'rejected', []],
    ['card', 'noop', []],
    ['root', 'awaiting-approval', []],
    ['root', 'executing', ['run-stop']],
    ['root', 'verifying', ['check-pass', 'check-fail']],
    ['root', 'succeeded', ['run-undo']],
    ['root', 'superseded', ['run-open']],
    ['root', 'compensating', []],
    [
      'needs-operator',
      'needs-operator',
      [
        ...['operator-continue', 'operator-mark-done', 'operator-put-back', 'operator-next-level'],
        ...['operator-close-partial', 'run-logs'],
      ],
    ],
    ['needs-operator', 'partial', []],
  ];
  for (const [screen, status, ids] of expected)
    it(`${screen} while ${status}: ${ids.join(', ') || 'none'}`, () => {
      const drawn = draw(screen, viewOf(status));
      expect(buttonsOf(drawn)).toEqual(ids);
      const values = JSON.stringify(drawn.blocks).match(/"value":"([^"]*)"/g) ?? [];
      for (const value of values) expect(parseButtonValue(value.slice(9, -1))).not.toBeNull();
    });

  it('offer the emergency plan where the catalogue has one, and not again within it', () => {
    const view = viewOf('needs-operator');
    const emergency = runbook([step('code')], { strategy: 'emergency' });
    const { service, environment } = targetParts(view.run.run.request.target);
    const { services, ...rest } = jobsCatalogue({ runbooks: [emergency] });
    const spec = services.shop?.environments.production;
    const environments = spec ? { [environment]: spec } : {};
    const own = { name: service, aliases: [], owners: null, environments };
    const catalogue = { ...rest, services: { [service]: own } };
    expect(buttonsOf(draw('needs-operator', { ...view, catalogue }))).toContain('operator-emergency');
    const [first, planned, ...others] = view.run.events;
    if (planned?.kind !== 'planned' || !first) throw new Error('the story begins otherwise');
    const events = [first, { ...planned, plan: { ...planned.plan, strategy: 'emergency' } }, ...others];
    const within = { ...view, catalogue, run: { run: foldRun(runId, events), events } };
    expect(buttonsOf(draw('needs-operator', within))).not.toContain('operator-emergency');
  });

  it('carry the version they were drawn from, and a tick the place of its check', () => {
    const view = viewOf('verifying');
    const text = JSON.stringify(draw('root', view).blocks);
    expect(text).toContain(`"${runId}.${view.run.run.version}.3"`);
  });
});

describe('Mentions', () => {
  it('notify those who decide on the card and those who act on a stop, and nobody else anywhere', () => {
    const mention = '<!subteam^S0SRE> <@U0JON>';
    const told = (screen: PostScreen, status: RunStatus) => draw(screen, viewOf(status)).text.includes('<');
    expect(draw('card', viewOf('awaiting-approval')).text).toContain(mention);
    expect(draw('reminder', viewOf('awaiting-approval')).text).toContain(mention);
    expect(draw('needs-operator', viewOf('needs-operator')).text).toContain(mention);
    for (const status of statuses) expect(told('root', status)).toBe(false);
    for (const status of statuses) expect(told('verdict', status)).toBe(false);
    expect(told('card', 'executing')).toBe(false);
  });

  it('names the role where no catalogue can be read', () => {
    const { text } = draw('card', viewOf('awaiting-approval', { catalogue: null }));
    expect(text).toContain('@sre-oncall Approve rollback?');
  });
});

describe('Stops', () => {
  it.each([
    ['en', 'Failed', '12 steps failed', 'thing 8: ', '… 5 more'],
    ['zh-CN', '失败', '12 个步骤失败', 'thing 8: ', '另有 5 条'],
  ] as const)('in %s of many objects tells each failure, and first what is not done', (locale, ...texts) => {
    const view = viewOf('needs-operator', { locale });
    const { run } = view.run;
    if (run.status !== 'needs-operator') throw new Error('the story ends otherwise');
    const [first] = run.plan.operations;
    if (!first) throw new Error('the story has no operation');
    const operations = Array.from({ length: 13 }, (_, index) => ({ ...first, index, object: `thing ${index}` }));
    const entry = { phase: 'apply', fence: 1, attempt: 1, beganAt: 0 } as const;
    const failure = { reason: reason('step-timeout'), at: 0, served: true };
    const journal = [
      { ...entry, index: 0, outcome: { how: 'applied', note: note('done'), at: 0, served: true }, failure: null },
      ...operations.slice(1).map(({ index }) => ({ ...entry, index, outcome: null, failure })),
    ] as const;
    const objects = operations.slice(1).map(({ object }) => object);
    const stop = {
      ...run.stop,
      reason: reason('several-failed', { count: 12, objects }),
      now: operations.map(({ object }) => note('not-observed', { object })),
    };
    const many = { ...run, plan: { ...run.plan, operations }, journal, stop };
    const drawn = draw('needs-operator', { ...view, run: { ...view.run, run: many } });
    const said = JSON.stringify(drawn.blocks);
    for (const text of texts) expect(said).toContain(text);
    expect(said).not.toMatch(/thing 0\b/);
    expectScreen(drawn);
  });

  it('edits the message of an earlier stop to what was decided while the run waits again', () => {
    const view = viewOf('needs-operator');
    const { events } = view.run;
    const stop = events.at(-1);
    if (stop?.kind !== 'stopped') throw new Error('the story ends otherwise');
    const by = { kind: 'person', person: 'jon', name: 'jon', via: 'slack' } as never;
    const more = [
      ...events,
      {
        kind: 'operator-decided',
        action: 'continue',
        by,
        reason: 'quota raised',
        status: 'executing',
        version: 20,
        at: at('03:20'),
      },
      { ...stop, version: 21, at: at('03:22') },
    ] as const;
    const again = { ...view, run: { run: foldRun(runId, more), events: more } };
    expect(buttonsOf(draw('needs-operator', again, 'stop-1'))).toEqual([]);
    expect(draw('needs-operator', again, 'stop-1').text).toContain(
      '@jon decided to look again and continue: “quota raised”',
    );
    expect(buttonsOf(draw('needs-operator', again, 'stop-2'))).not.toEqual([]);
  });
});
