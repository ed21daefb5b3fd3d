import { describe, expect, it } from 'vitest';
import type { Locale } from '../../src/domain/catalogue.ts';
import { parseProposalId, targetId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import type { PostScreen } from '../../src/domain/post.ts';
import { reason } from '../../src/domain/reason.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import { recordData } from '../../src/record/record-data.ts';
import { busy, refusal, renderPost, renderRecord } from '../../templates/index.ts';
import { at, runId, storyOf, viewOf } from './story.ts';

const target = targetId('checkout-api', 'production');

function drawn(screen: PostScreen, status: RunStatus, locale: Locale): string {
  const progress = status === 'executing' ? note('pods-on', { ready: 5, pods: 8, version: '2.13.2' }) : null;
  const view = viewOf(status, { locale, progress });
  const record = recordData(view.run, at('03:02'));
  return renderPost({ thread: runId, slot: screen, screen, urgency: 'urgent' }, { ...view, record }).text;
}

function proposal(locale: Locale): string {
  const id = parseProposalId('01KAPB3Q5W8Z2N7V6TD9XF0000');
  if (!id) throw new Error('not a proposal id');
  const episode = {
    fingerprint: 'e1',
    source: 'alertmanager',
    name: 'HighErrorRate',
    severity: 'critical',
    target,
    summary: '5xx 7.8 % (limit 5 %)',
    startedAt: at('03:07'),
    receivedAt: at('03:07'),
    resolvedAt: null,
    lastSeenAt: at('03:07'),
  } as const;
  const offered = {
    id,
    target,
    episode,
    suspect: { version: '2.14.0', key: 'a', liveSince: at('03:02') },
    good: { version: '2.13.2', key: 'b', grade: 'soaked', liveMs: 6 * 86_400_000 },
    status: 'open',
    run: null,
    version: 1,
    createdAt: at('03:07'),
  } as const;
  const view = { kind: 'proposal', proposal: offered, catalogue: null, now: at('03:08'), locale } as const;
  return renderPost({ thread: id, slot: 'root', screen: 'proposal', urgency: 'urgent' }, view).text;
}

describe('The story of one rollback, as people read it', () => {
  const told: readonly [string, string, string][] = [
    [
      'the proposal',
      proposal('en'),
      `🚨 checkout-api · production: 5xx 7.8 % (limit 5 %) since 03:07
2.14.0 went live 03:02. Cause not proven.
Last good: 2.13.2 (soaked, ran 6 d)
Nothing runs without approval.`,
    ],
    [
      'the root, waiting',
      drawn('root', 'awaiting-approval', 'en'),
      `⏳ checkout-api · production: WAITING FOR APPROVAL (0 of 1)
2.14.0 → 2.13.2 · failing since 03:07 · asked by @mara 03:11
Next: @sre-oncall decides by 03:21. Nothing has changed.
R-4K7Q`,
    ],
    [
      'the card',
      drawn('card', 'awaiting-approval', 'en'),
      `<!subteam^S0SRE> <@U0JON> Approve rollback? checkout-api · production
From → to: 2.14.0 → 2.13.2
Change: image 2.14.0 → 2.13.2, 8 pods, rolling
Why: failing since 03:07; @mara: “card payments fail” (alert)
Good because: all checks passed while it served, in R-7Q2K
Expect: 2 min, no interruption. RTO ends 03:22
Level: 3, code · rollout-undo; not level 2: what the plan would do is already so: “exceeded quota: cpu 40/40”
Touches: 8 pods of checkout-api, rolling
Not rolled back: ConfigMap checkout-flags
Not checked: whether the image of 2.13.2 can still be pulled: “exceeded quota: cpu 40/40”
Who: one of @sre-oncall, not @mara, by 03:21
\`- image: shop/checkout-api:2.14.0\`
\`+ image: shop/checkout-api:2.13.2\`
\`- env: 7\`
R-4K7Q · Approval is for this plan only. If the target changes first, you are asked again.`,
    ],
    [
      'progress',
      drawn('root', 'executing', 'en'),
      `🔄 checkout-api · production: ROLLING BACK, 5 of 8 pods on 2.13.2
2.14.0 → 2.13.2 · approved by @jon 03:13 · RTO ends 03:22
Next: verification.
R-4K7Q`,
    ],
    [
      'verifying',
      drawn('root', 'verifying', 'en'),
      `🔎 checkout-api · production: VERIFYING 2.13.2, 2 of 4
2.14.0 → 2.13.2 · approved by @jon 03:13 · RTO ends 03:22
Passed: pods 8/8, health 20/20
Waiting: alert to clear, a card payment goes through
Rolled out 03:15. Verdict by 03:20.
Look yourself: a card payment goes through
R-4K7Q`,
    ],
    [
      'success',
      drawn('root', 'succeeded', 'en'),
      `✅ checkout-api · production: ROLLED BACK, VERIFIED 03:18
2.14.0 → 2.13.2 · alert cleared 03:18 · 11 min (RTO 15 min)
@mara asked, @jon approved
Next: 2.14.0 is on hold until @checkout-owners releases it.
R-4K7Q`,
    ],
    [
      'needs an operator',
      drawn('needs-operator', 'needs-operator', 'en'),
      `🛑 <!subteam^S0SRE> <@U0JON> checkout-api · production: STOPPED, NEEDS YOU
2.14.0 → 2.13.2
Now: 5 of 8 pods on 2.13.2; failing since 03:07.
Since 03:15: the last 3 pods did not come to rest: “exceeded quota: cpu 40/40”
Backout has stopped and keeps the lock.
By hand: \`kubectl -n shop describe quota\`
\`kubectl -n shop get pods # exceeded quota: cpu 40/40\`
R-4K7Q`,
    ],
    [
      'the record’s head',
      drawn('record', 'succeeded', 'en'),
      `📄 R-4K7Q · checkout-api · production · 2.14.0 → 2.13.2 · succeeded
03:02 live · 03:07 trouble seen · 03:11 asked @mara · 03:13 approved @jon · 03:13 started · 03:15 rolled out · 03:18 verified
Missing: scope, users affected, data affected, root cause, improvements, lessons
The whole record is in the file.`,
    ],
    [
      'somebody else is at it',
      busy('en', { run: storyOf('verifying').run, next: [], now: at('03:16') }).text,
      `Not started: @mara is rolling back checkout-api · production since 03:11
2.14.0 → 2.13.2, verifying
R-4K7Q`,
    ],
    [
      'a refused click',
      refusal('en', { reason: reason('requester-excluded', { roles: ['sre-oncall'] }) }).text,
      'Not counted: you asked for this rollback, and the rule wants somebody else. Who can: @sre-oncall.',
    ],
    [
      '提议',
      proposal('zh-CN'),
      `🚨 checkout-api · production：5xx 7.8 % (limit 5 %)，始于 03:07
2.14.0 于 03:02 上线。尚不能确定是其引起。
最近可用的版本：2.13.2（久经运行，运行过 6 天）
未经批准不会执行任何操作。`,
    ],
    [
      '等待审批',
      drawn('root', 'awaiting-approval', 'zh-CN'),
      `⏳ checkout-api · production：等待审批（0/1）
2.14.0 → 2.13.2 · 故障始于 03:07 · @mara 于 03:11 发起
下一步：由 @sre-oncall 在 03:21 前决定。目前没有任何改动。
R-4K7Q`,
    ],
    [
      '审批卡片',
      drawn('card', 'awaiting-approval', 'zh-CN'),
      `<!subteam^S0SRE> <@U0JON> 是否批准回滚？ checkout-api · production
版本：2.14.0 → 2.13.2
改动：镜像 2.14.0 → 2.13.2，8 个 Pod，滚动更新
原因：故障始于 03:07；@mara：“card payments fail”（告警）
可用依据：在 R-7Q2K 中运行时通过了全部检查
预计：2 分钟，不中断服务。RTO 截止 03:22
级别：3 · 代码 · rollout-undo；未选级别 2：目标已处于计划要达到的状态：“exceeded quota: cpu 40/40”
影响范围：checkout-api 的 8 个 Pod，滚动更新
不会回滚：ConfigMap checkout-flags
未检查：2.13.2 的镜像是否仍可拉取：“exceeded quota: cpu 40/40”
审批人：@sre-oncall 中 1 人，不含 @mara，截止 03:21
\`- image: shop/checkout-api:2.14.0\`
\`+ image: shop/checkout-api:2.13.2\`
\`- env: 7\`
R-4K7Q · 批准只对这份计划有效。若目标在执行前有变化，会重新征求批准。`,
    ],
    [
      '需要人工处理',
      drawn('needs-operator', 'needs-operator', 'zh-CN'),
      `🛑 <!subteam^S0SRE> <@U0JON> checkout-api · production：已停下，需要您处理
2.14.0 → 2.13.2
现状：8 个 Pod 中 5 个为 2.13.2；故障始于 03:07。
自 03:15 起：the last 3 pods 未能稳定下来：“exceeded quota: cpu 40/40”
Backout 已停下，仍持有锁。
手动处理：\`kubectl -n shop describe quota\`
\`kubectl -n shop get pods # exceeded quota: cpu 40/40\`
R-4K7Q`,
    ],
    [
      '成功',
      drawn('root', 'succeeded', 'zh-CN'),
      `✅ checkout-api · production：回滚完成，验证通过 03:18
2.14.0 → 2.13.2 · 告警于 03:18 恢复 · 用时 11 分钟（RTO 15 分钟）
@mara 发起，@jon 批准
下一步：2.14.0 已禁止再次部署，直至 @checkout-owners 解除。
R-4K7Q`,
    ],
  ];
  for (const [moment, text, wanted] of told) it(moment, () => expect(text).toBe(wanted));
});

describe('The record', () => {
  const data = recordData(storyOf('succeeded'), at('03:02'));
  const headings = (text: string) =>
    text
      .replace(/^(`{3,}).*?^\1$/gms, '')
      .split('\n')
      .filter(line => /^#+ /.test(line));

  it('holds the seeds’ parts in both languages (inventory 320-325)', () => {
    expect(headings(renderRecord(data, 'en'))).toMatchInlineSnapshot(`
      [
        "# Rollback record R-4K7Q · checkout-api/production",
        "## Basic information",
        "## Steps",
        "### Times",
        "## Result",
        "## Impact",
        "## Analysis",
        "## Lessons learned",
        "## Approval",
        "### Clicks that were not counted",
        "## Changes",
        "## Journal",
        "## Timeline",
      ]
    `);
    expect(headings(renderRecord(data, 'zh-CN')).length).toBe(headings(renderRecord(data, 'en')).length);
  });

  it('names what is missing instead of guessing it', () => {
    expect(renderRecord(data, 'en')).toContain('- users affected: to be filled in');
    expect(renderRecord(data, 'zh-CN')).toContain('- 根本原因： 待填写');
  });

  it('audits the clicks that were not counted', () => {
    expect(renderRecord(data, 'en')).toMatch(/- 2026-11-21 03:12:00 \S+ @mara: you asked for this rollback/);
  });

  it('lets nothing foreign make a heading, a link, a tag or a table cell', () => {
    const hostile = {
      service: 'x',
      from: '1',
      to: '2',
      reason: '# owned\n[click](https://evil) | <script> ![](x)',
      name: '**mara**',
      detail: '| a | b |\n```',
      diff: '+```\n+# owned\n',
      title: '`x`|y',
    };
    const text = renderRecord(recordData(storyOf('succeeded', hostile), null), 'en');
    expect(headings(text).filter(line => line.includes('owned'))).toEqual([]);
    expect(text).toContain('\\# owned \\[click\\](https://evil) \\| \\<script\\>');
    expect(text).toContain('````diff\n');
    for (const line of text.split('\n').filter(one => one.startsWith('| \\`x')))
      expect(line.replaceAll('\\|', '').split('|').length).toBe(7);
  });
});
