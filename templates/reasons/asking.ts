import { ats, day, type NoteTable, named, names, s, where } from '../notes/table.ts';
import { decisionWords, gradeWords, operatorWords, permissionWords, scenarioWords } from '../words.ts';

const decisions = {
  en: { ...decisionWords.en, ...operatorWords.en },
  'zh-CN': { ...decisionWords['zh-CN'], ...operatorWords['zh-CN'] },
} as const;

/** Why something asked for was not done. Facts in braces after each code: `{name}` what was typed. */
export const askingReasons = {
  /** {name} */
  'unknown-service': {
    en: f => `no service is called ${names(f.name)}`,
    'zh-CN': f => `没有名为 ${names(f.name)} 的服务`,
  },
  /** {service, name, environments} */
  'unknown-environment': {
    en: f =>
      `${where(f.service, '~ has ')}no environment ${f.service ? '' : 'is '}called ${names(f.name)}${where(f.environments, '; it has ~')}`,
    'zh-CN': f =>
      `${where(f.service, '~ ')}没有名为 ${names(f.name)} 的环境${where(f.environments && names(f.environments, '、'), '；现有：~')}`,
  },
  /** {target, name} */
  'unknown-release': {
    en: f => `no release ${names(f.name)} is known${where(f.target, ' for ~')}`,
    'zh-CN': f => `${where(f.target, '~ ')}没有已知的版本 ${names(f.name)}`,
  },
  /** {name} */
  'unknown-level': {
    en: f => `there is no level ${names(f.name)}; the levels are 1 flag, 2 config, 3 code, 4 data`,
    'zh-CN': f => `没有级别 ${names(f.name)}；可用级别：1 开关、2 配置、3 代码、4 数据`,
  },
  /** {name} */
  'unknown-run': { en: f => `no run is called ${names(f.name)}`, 'zh-CN': f => `没有编号为 ${names(f.name)} 的回滚` },
  /** {name, runs} */
  'ambiguous-run': {
    en: f => `${names(f.name)} fits several runs${where(f.runs, ': ~')}; type more of the one you mean`,
    'zh-CN': f => `${names(f.name)} 对应多个回滚${where(f.runs && names(f.runs, '、'), '：~')}；请多输入几位`,
  },
  /** {service, environments} */
  'environment-needed': {
    en: f => `say which environment${where(f.service, ' of ~')} you mean${where(f.environments, ': ~')}`,
    'zh-CN': f =>
      `请指明${where(f.service, ' ~ 的')}环境${where(f.environments && names(f.environments, '、'), '：~')}`,
  },
  'reason-needed': {
    en: () => 'say why: `because …`. Who decides reads it, and it stands in the record',
    'zh-CN': () => '请写明原因：`because …` 或 `因为 …`。审批人会看到，并写入记录',
  },
  /**
   * {token}: what was not understood, and why: {kind} `mention`, `link` or `invisible`, {expected}: how it would be right, {atMost}: how long
   * it may be; {missing}: what has to be said; {fields}: which parts of a step are wrong.
   */
  'bad-argument': {
    en: f => {
      if (f.missing) return `something is missing: ${names(f.missing)}`;
      if (f.kind === 'mention') return `a mention or channel is no name here: \`${names(f.token)}\``;
      if (f.kind === 'link') return `a link is no name here: \`${names(f.token)}\``;
      if (f.kind === 'invisible') return `a name holds characters that cannot be seen: \`${names(f.token)}\``;
      if (f.atMost) return `the reason is too long: at most ${names(f.atMost)} characters`;
      const expected = where(f.expected, '; it is written like ~');
      return `this was not understood${where(f.token ?? f.fields, ': `~`')}${expected}`;
    },
    'zh-CN': f => {
      if (f.missing) return `缺少 ${names(f.missing)}`;
      if (f.kind === 'mention') return `此处不能使用 @ 提及或频道：\`${names(f.token)}\``;
      if (f.kind === 'link') return `此处不能使用链接：\`${names(f.token)}\``;
      if (f.kind === 'invisible') return `名称中含有不可见字符：\`${names(f.token)}\``;
      if (f.atMost) return `原因过长：最多 ${names(f.atMost)} 个字符`;
      return `无法识别${where(f.token ?? f.fields, '：`~`')}${where(f.expected, '；应写作 ~')}`;
    },
  },
  /** {name} */
  'not-a-person': {
    en: f => `${where(f.name, '~ is ')}${f.name ? '' : 'you are '}not listed in the catalogue as a person`,
    'zh-CN': f => `${where(f.name, '~ ')}${f.name ? '' : '您'}不在服务目录的人员名单中`,
  },
  /** {permission, roles} */
  'not-allowed': {
    en: f =>
      `you may not do this${where(f.permission && named(f.permission, permissionWords.en), ' (~)')}${where(f.roles && ats(f.roles, 'en'), '. Who can: ~')}`,
    'zh-CN': f =>
      `您没有此权限${where(f.permission && named(f.permission, permissionWords['zh-CN']), '（~）')}${where(f.roles && ats(f.roles, 'zh-CN'), '。有权限的是：~')}`,
  },
  'outside-user': {
    en: () => 'people from another workspace and guests may not do this',
    'zh-CN': () => '其他工作区的成员和访客不能执行此操作',
  },
  'deactivated-user': { en: () => 'this account is deactivated', 'zh-CN': () => '该账号已停用' },
  'membership-unknown': {
    en: () => 'Slack cannot say right now who belongs to the group that decides; try again in a minute',
    'zh-CN': () => '暂时无法向 Slack 查询审批组成员，请一分钟后再试',
  },
  /** {roles} */
  'requester-excluded': {
    en: f =>
      `you asked for this rollback, and the rule wants somebody else${where(f.roles && ats(f.roles, 'en'), '. Who can: ~')}`,
    'zh-CN': f => `这次回滚由您发起，按规则须由他人审批${where(f.roles && ats(f.roles, 'zh-CN'), '。可审批：~')}`,
  },
  'already-voted': { en: () => 'you have voted already, and it counts', 'zh-CN': () => '您已经投过票，且已计入' },
  /** {by, at, decision} */
  'already-decided': {
    en: f =>
      `this is decided already${where(f.decision && named(f.decision, decisions.en), ': ~')}${where(f.by && ats(f.by, 'en'), ' by ~')}${where(f.at && day(f.at, 'en'), ' at ~')}`,
    'zh-CN': f =>
      `此事已有决定${where(f.decision && named(f.decision, decisions['zh-CN']), '：~')}${where(f.by && ats(f.by, 'zh-CN'), '，决定人 ~')}${where(f.at && day(f.at, 'zh-CN'), '，时间 ~')}`,
  },
  /** {at} */
  'approval-expired': {
    en: f => `nobody decided in time${where(f.at && day(f.at, 'en'), ' (by ~)')}; nothing has changed`,
    'zh-CN': f => `未在期限内作出决定${where(f.at && day(f.at, 'zh-CN'), '（截止 ~）')}；没有任何改动`,
  },
  'stale-card': {
    en: () => 'the message you clicked is out of date; the run has moved on since',
    'zh-CN': () => '您点击的消息已过时，回滚状态已变化',
  },
  /** {role, needed, have} */
  'quorum-unreachable': {
    en: f =>
      `nobody was asked: the rule needs ${names(f.needed)} of ${ats(f.role, 'en')}, and ${names(f.have)} can decide now`,
    'zh-CN': f =>
      `未发出审批：规则需要 ${ats(f.role, 'zh-CN')} 中 ${names(f.needed)} 人，目前可审批的有 ${names(f.have)} 人`,
  },
  /** {target, run, by, since} */
  'target-busy': {
    en: f =>
      `another run holds ${names(f.target)}${where(f.run, ': ~')}${where(f.by && ats(f.by, 'en'), ' by ~')}${where(f.since && day(f.since, 'en'), ' since ~')}`,
    'zh-CN': f =>
      `${names(f.target)} 正由另一次回滚占用${where(f.run, '：~')}${where(f.by && ats(f.by, 'zh-CN'), '，发起人 ~')}${where(f.since && day(f.since, 'zh-CN'), '，始于 ~')}`,
  },
  /** {target, levels, until, by, reason, open} */
  frozen: {
    en: f =>
      `${where(f.levels ?? f.level, 'level ~ ')}rollbacks${where(f.target, ' of ~')} are frozen${where(f.until && day(f.until, 'en'), ' until ~')}${where(f.by && ats(f.by, 'en'), ' by ~')}${where(f.reason, ' (“~”)')}${where(f.open, '. Open: level ~')}`,
    'zh-CN': f =>
      `${where(f.target, '~ ')}${where(f.levels ?? f.level, '级别 ~ ')}的回滚已冻结${where(f.until && day(f.until, 'zh-CN'), '，至 ~')}${where(f.by && ats(f.by, 'zh-CN'), '，冻结人 ~')}${where(f.reason, '（“~”）')}${where(f.open, '。仍可用：级别 ~')}`,
  },
  'observe-only': {
    en: () => 'this target is in observe mode: Backout plans and shows, and changes nothing',
    'zh-CN': () => '该目标处于观察模式：只给出计划，不做任何改动',
  },
  /** {target, scenario} */
  'no-runbook': {
    en: f =>
      `no runbook${where(f.target, ' of ~')} fits${where(f.scenario && named(f.scenario, scenarioWords.en), ' the scenario “~”')}`,
    'zh-CN': f =>
      `${where(f.target, '~ ')}没有适用的 runbook${where(f.scenario && named(f.scenario, scenarioWords['zh-CN']), '（场景：~）')}`,
  },
  /** {target} */
  'no-emergency-plan': {
    en: f => `the catalogue has no emergency plan${where(f.target, ' for ~')}: a runbook with \`strategy: emergency\``,
    'zh-CN': f => `服务目录中没有${where(f.target, ' ~ 的')}应急预案（\`strategy: emergency\` 的 runbook）`,
  },
  /** {target} */
  'no-good-release': {
    en: f => `no known-good release${where(f.target, ' for ~')}`,
    'zh-CN': f => `${where(f.target, '~ ')}没有已知可用的版本`,
  },
  /** {release, grade} */
  'release-not-eligible': {
    en: f => `${names(f.release)} may not be taken${where(f.grade && named(f.grade, gradeWords.en), ': it is ~')}`,
    'zh-CN': f => `不能回到 ${names(f.release)}${where(f.grade && named(f.grade, gradeWords['zh-CN']), '：评级为~')}`,
  },
  /** {runs} */
  'not-latest-run': {
    en: f => `only the latest run of a target can be undone${where(f.runs, '; that is ~')}`,
    'zh-CN': f => `只能撤销该目标最近一次回滚${where(f.runs, '，即 ~')}`,
  },
  'nothing-to-undo': {
    en: () => 'that run changed nothing, so there is nothing to undo',
    'zh-CN': () => '该次回滚未做任何改动，没有可撤销的内容',
  },
  /** {run} */
  'run-not-over': {
    en: f => `${names(f.run)} is not over yet; stop it with cancel, or wait for its end`,
    'zh-CN': f => `${names(f.run)} 尚未结束；可用 cancel 停止，或等待其结束`,
  },
  /** {run} */
  'nothing-to-decide': {
    en: f => `${names(f.run)} does not wait for a decision`,
    'zh-CN': f => `${names(f.run)} 当前不需要作出决定`,
  },
  'not-confirmed': {
    en: () => 'not confirmed: the store did not answer in time. Ask for the status before you try again',
    'zh-CN': () => '未确认：存储没有及时响应。重试之前请先查询状态',
  },
  /** {problems} */
  'catalogue-invalid': {
    en: f => `the catalogue has ${f.problems ?? 'some'} problem${s(f.problems)}; the one before stays in force`,
    'zh-CN': f => `服务目录有${where(f.problems, ' ~ 处')}错误；继续使用之前的服务目录`,
  },
} satisfies NoteTable;
