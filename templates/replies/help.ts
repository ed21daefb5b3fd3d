import type { Locale } from '../../src/domain/catalogue.ts';
import type { Screen } from '../../src/domain/screen.ts';
import type { HelpData, HelpTopic } from '../data.ts';
import { draw } from '../draft.ts';

interface Topic {
  readonly title: string;
  /** `$` stands for how a command begins at this door. */
  readonly lines: readonly string[];
}

const topics = {
  en: {
    commands: {
      title: 'What Backout can do',
      lines: [
        '`$` opens the form',
        '`$ SERVICE [in ENV] [to RELEASE] [level N | strategy NAME] because REASON` asks for a rollback',
        '`$ status [SERVICE]` what is going on · `$ history [SERVICE]` what was, with times',
        '`$ candidates SERVICE [in ENV]` what it could go back to, and why · `$ show SERVICE [in ENV] RELEASE` one of them in full',
        '`$ show RUN` plan, checks, log · `$ logs RUN` how its objects stand and what they logged, as a file · `$ cancel RUN` before or while it runs',
        '`$ resolve RUN continue | mark-done | put-back | next-level | emergency | close-partial because …`',
        '`$ undo RUN` brings back what the latest rollback replaced',
        '`$ grade SERVICE [in ENV] RELEASE good | bad because …`',
        '`$ hold SERVICE [in ENV] RELEASE because …` · `$ release-hold SERVICE [in ENV] RELEASE`',
        '`$ freeze SERVICE [in ENV] [until TIME] because …` · `$ unfreeze SERVICE [in ENV]`',
        '`$ doctor` what works and what does not · `$ reload` reads the catalogue again',
        'More: `$ help roll-back`, `strategies`, `approval`, `operator`, `releases`, `freeze`',
      ],
    },
    'roll-back': {
      title: 'Asking for a rollback',
      lines: [
        'Say the service and why. What you leave out is chosen for you and shown: the mildest level that suffices, the last good release.',
        'Levels: 1 flag, 2 config, 3 code, 4 data.',
        'Asking changes nothing. A plan is made and shown, then people are asked.',
        'A box of the checks has two buttons in Slack; on a terminal it is answered with `backout tick RUN N yes | no`.',
        'One rollback at a time for a service in an environment: a second request is shown the first.',
        'In a thread, mention the bot or use the message shortcut; Slack does not run commands there.',
      ],
    },
    strategies: {
      title: 'Strategies, and what each is good and bad at',
      lines: [
        '*Blue/green* leads traffic back to the version that still stands beside. For it: no downtime, back in seconds, controlled risk, easy to verify. Against it: twice the resources, cost, two environments to keep alike.',
        '*Canary* takes the new version’s share of the traffic away. For it: controlled risk, few are affected, verified step by step, resources well used. Against it: going back takes longer, traffic has to be managed, more to watch.',
        '*Rolling* replaces pod by pod. For it: simple, highly automatic, resources well used, any earlier revision. Against it: going back takes longer, short interruptions are possible, unfit where several parts must change together.',
        'A switch or configuration (levels 1 and 2) is tried first where it suffices: see `$ help roll-back`.',
      ],
    },
    approval: {
      title: 'Approval',
      lines: [
        'The catalogue says who must agree, how many, and by when. One person fills one seat.',
        'The approval is for the plan that was shown. If the target changes first, the run ends and a new plan is shown.',
        'Membership is looked up at the click, and again when the last vote is in.',
        'Nobody decided in time: the request expires and nothing changes.',
      ],
    },
    operator: {
      title: 'When a run stops and needs you',
      lines: [
        'Backout stops where it cannot see what is so, or where going on might do harm. It keeps the lock.',
        '*Look again and continue*: after you mended the cause.',
        '*Mark step done*: you did the step yourself, or saw that it is done.',
        '*Put back*: the state before the rollback returns and is verified.',
        '*Next level*: this run closes as partial, a linked one is planned and asked for.',
        '*Emergency plan*: the same, with the plan that the catalogue holds for when a rollback itself failed.',
        '*Close as partial*: you take over; what is left stays as it is.',
      ],
    },
    releases: {
      title: 'Releases and their grades',
      lines: [
        'verified: our checks passed while it ran. soaked: it ran alone and quietly long enough. inferred: seen from outside only.',
        'unproven and suspect: only when named outright, with one approval more. bad: never suggested; only a named person clears it.',
        'A release that was left goes on hold: nothing deploys it there again until somebody releases it.',
        '`$ gate SERVICE [in ENV] RELEASE` answers pipelines.',
      ],
    },
    freeze: {
      title: 'Freezes and holds',
      lines: [
        'A freeze stops deployments of a service in an environment. Rollbacks go on, unless the freeze names their levels.',
        'A hold stops one release there.',
        'Both stand until their time is over or a named person lifts them.',
      ],
    },
  },
  'zh-CN': {
    commands: {
      title: 'Backout 的命令',
      lines: [
        '`$` 打开表单',
        '`$ 服务 [in 环境] [to 版本] [level N | strategy 名称] because 原因` 发起回滚',
        '`$ status [服务]` 当前状态 · `$ history [服务]` 历史与用时',
        '`$ candidates 服务 [in 环境]` 可回到的版本及依据 · `$ show 服务 [in 环境] 版本` 单个版本的全部信息',
        '`$ show 编号` 计划、检查、日志 · `$ logs 编号` 对象状态与容器日志（文件） · `$ cancel 编号` 取消或中止',
        '`$ resolve 编号 continue | mark-done | put-back | next-level | emergency | close-partial because …`',
        '`$ undo 编号` 恢复最近一次回滚所替换的内容',
        '`$ grade 服务 [in 环境] 版本 good | bad because …` 给版本评级',
        '`$ hold 服务 [in 环境] 版本 because …` · `$ release-hold 服务 [in 环境] 版本`',
        '`$ freeze 服务 [in 环境] [until 时间] because …` · `$ unfreeze 服务 [in 环境]`',
        '`$ doctor` 检查各部分是否正常 · `$ reload` 重新读取服务目录',
        '更多：`$ help roll-back`、`strategies`、`approval`、`operator`、`releases`、`freeze`',
      ],
    },
    'roll-back': {
      title: '发起回滚',
      lines: [
        '说明服务和原因即可。未指定的部分由 Backout 选择并展示：足以解决问题的最低级别、最近可用的版本。',
        '级别：1 开关、2 配置、3 代码、4 数据。',
        '发起请求不会改动任何东西。先生成并展示计划，再征求批准。',
        '检查中的人工确认项在 Slack 中用按钮回答，在终端中用 `backout tick 编号 N yes | no`。',
        '同一服务的同一环境一次只能有一个回滚；第二个请求会看到第一个。',
        '在消息列中请 @ 机器人或使用消息快捷方式；Slack 不支持在其中运行命令。',
      ],
    },
    strategies: {
      title: '各策略的优势与劣势',
      lines: [
        '*蓝绿*：将流量切回仍在运行的上一版本。优势：零停机，秒级回滚，风险可控，易于验证。劣势：需要双倍资源，成本较高，环境维护复杂。',
        '*金丝雀*：撤回新版本的流量。优势：风险可控，影响范围小，渐进式验证，资源利用率高。劣势：回滚时间较长，需要流量管理，监控复杂度高。',
        '*滚动*：逐个替换 Pod。优势：操作简单，自动化程度高，资源利用率高，支持多版本回滚。劣势：回滚时间较长，可能存在短暂中断，不适合复杂场景。',
        '若开关或配置（级别 1、2）足以解决问题，会先尝试它们：见 `$ help roll-back`。',
      ],
    },
    approval: {
      title: '审批',
      lines: [
        '由服务目录规定谁来批准、需要几人、截止时间。一人只占一个名额。',
        '批准只对所展示的计划有效。若目标在执行前有变化，本次回滚结束，并展示新的计划。',
        '点击时核对成员身份，最后一票到齐时再次核对。',
        '到期无人决定：请求过期，没有任何改动。',
      ],
    },
    operator: {
      title: '回滚停下、需要您处理时',
      lines: [
        '当无法确认现状，或继续执行可能造成损害时，Backout 会停下，并保留锁。',
        '*重新检查并继续*：您已排除故障原因。',
        '*步骤标为已完成*：您已手动完成该步骤，或确认它已生效。',
        '*恢复*：恢复到回滚前状态并验证。',
        '*下一级别*：本次按部分完成关闭，另行计划并征求批准。',
        '*应急预案*：同样关闭本次，执行目录中为该服务写好的应急预案，须另行审批。',
        '*按部分完成关闭*：由您接手，遗留状态保持不变。',
      ],
    },
    releases: {
      title: '版本与评级',
      lines: [
        '已验证：运行期间通过了我们的检查。久经运行：单独平稳运行了足够久。推断可用：仅从外部观察到。',
        '未经证实、可疑：须明确指名，并多一人批准。已知有问题：从不建议，只有指定人员可以更正。',
        '被替换的版本会被禁止部署，直至有人解除。',
        '`$ gate 服务 [in 环境] 版本` 供流水线查询。',
      ],
    },
    freeze: {
      title: '冻结与部署禁令',
      lines: [
        '冻结会停止某服务在某环境的部署。回滚照常，除非冻结指明了级别。',
        '部署禁令只针对一个版本。',
        '两者都持续到期满，或由指定人员解除。',
      ],
    },
  },
} as const satisfies Record<Locale, Record<HelpTopic, Topic>>;

/** `help`: the commands, or one topic. */
export function helpReply(locale: Locale, { topic, command }: HelpData): Screen {
  const { title, lines } = topics[locale][topic ?? 'commands'];
  return draw({ head: title, lines: lines.map(line => line.replaceAll('$', () => command)) }, locale);
}
