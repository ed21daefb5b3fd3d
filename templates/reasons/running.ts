import type { Locale } from '../../src/domain/catalogue.ts';
import { type Facts, type NoteTable, names, span, where } from '../notes/table.ts';

/** Why a run ended or stopped. */
export const runningReasons = {
  'nothing-to-change': {
    en: () => 'what the plan would do is already so',
    'zh-CN': () => '目标已处于计划要达到的状态',
  },
  /** {run} */
  'nothing-to-describe': {
    en: f => `there is no object in the plan${where(f.run, ' of ~')} that can be described or has logs`,
    'zh-CN': f => `计划${where(f.run, '（~）')}中没有可查看状态或日志的对象`,
  },
  'too-much-to-keep': {
    en: () => 'they are too long to be kept',
    'zh-CN': () => '内容过长，无法保存',
  },
  'nothing-held': {
    en: () => 'nothing that the run left suspended is suspended by it any more, so its hold is released',
    'zh-CN': () => '该回滚暂停的同步已不再处于其暂停状态，因此解除其部署禁令',
  },
  /** {step, runbook, object} */
  'plan-failed': {
    en: f =>
      `no plan could be made${where(f.runbook, ' from ~')}${where(f.object, ' for ~')}${where(f.step, ' (step ~)')}`,
    'zh-CN': f => `无法生成计划${where(f.runbook, '（~）')}${where(f.object, '（~）')}${where(f.step, '，步骤 ~')}`,
  },
  /** {object, steps} */
  'steps-collide': {
    en: f =>
      `steps ${names(f.steps, ' and ')} of the runbook both change ${names(f.object)}, each from the state of now, so the later one would stop half-way: put both into one step, or each into a runbook of its own`,
    'zh-CN': f =>
      `预案的步骤 ${names(f.steps, ' 和 ')} 都以当前状态为准更改 ${names(f.object)}，后一步会中途停下：请合并为一个步骤，或分到两个预案中`,
  },
  /** {object, objects} */
  'target-changed': {
    en: f =>
      `${f.object || f.objects ? names(f.object ?? f.objects) : 'the target'} changed after the plan was shown, so the plan no longer counts`,
    'zh-CN': f =>
      `${f.object || f.objects ? `${names(f.object ?? f.objects)} ` : '目标'}在计划展示之后有变化，原计划作废`,
  },
  /** {object} */
  'target-moving': {
    en: f =>
      `${names(f.object)} is being changed at this moment, by somebody or by its own controller, so no plan for it holds: ask again when it has come to rest`,
    'zh-CN': f => `${names(f.object)} 此刻正在被更改（他人或其控制器），无法制定有效的计划：请待其稳定后重新发起`,
  },
  /** {object} */
  'changed-since': {
    en: f =>
      `${names(f.object)} was changed again since that run, so what the run replaced cannot be put back from its plan: ask for a rollback to the release that you want`,
    'zh-CN': f =>
      `${names(f.object)} 在那次回滚之后又有变更，无法按其计划恢复被替换的状态：请直接发起回滚并指定要回到的版本`,
  },
  /** {object, owner, instead} */
  'owned-by-other': {
    en: f =>
      `${where(f.object, '~ ')}${f.object ? 'is' : 'it is'} managed by ${names(f.owner)}, which would undo the change${where(f.instead, ': take the step ~')}${choices(f.can, 'en')}`,
    'zh-CN': f =>
      `${where(f.object, '~ ')}由 ${names(f.owner)} 管理，改动会被它覆盖${where(f.instead, '：请改用步骤 ~')}${choices(f.can, 'zh-CN')}`,
  },
  /** {object, owner, can} */
  'owner-has-parent': {
    en: f =>
      `${names(f.object)} would be switched on again by ${names(f.owner)}, so suspending it alone does not last${choices(f.can, 'en')}`,
    'zh-CN': f =>
      `${names(f.object)} 会被 ${names(f.owner, '、')} 重新启用，仅暂停它不能持久${choices(f.can, 'zh-CN')}`,
  },
  /** {object, owner, why: passive | unnamed} */
  'owner-not-suspendable': {
    en: f =>
      f.why === 'passive'
        ? `${names(f.object)} is managed by ${names(f.owner)}, which has nothing to suspend${choices(waysAround(f.owner), 'en')}`
        : `${names(f.object)} bears marks of ${names(f.owner)}, but not which of its objects renders it${choices(waysAround(f.owner), 'en')}`,
    'zh-CN': f =>
      f.why === 'passive'
        ? `${names(f.object)} 由 ${names(f.owner, '、')} 管理，没有可暂停的同步${choices(waysAround(f.owner), 'zh-CN')}`
        : `${names(f.object)} 带有 ${names(f.owner, '、')} 的标记，但看不出由其哪个对象渲染${choices(waysAround(f.owner), 'zh-CN')}`,
  },
  /** {what, object} */
  'permission-missing': {
    en: f => `Backout lacks the permission${where(f.what, ' to ~')}${where(f.object ?? f.command, ' on ~')}`,
    'zh-CN': f => `Backout 缺少权限${where(f.what, '：~')}${where(f.object, '（~）')}`,
  },
  /** {secret} */
  'secret-missing': {
    en: f => `a secret is missing${where(f.secret, ' (~)')}`,
    'zh-CN': f => `缺少密钥${where(f.secret, '（~）')}`,
  },
  /** {what} */
  'target-unreachable': {
    en: f => `${where(f.what, '~')}${f.what ? '' : 'the target'} does not answer`,
    'zh-CN': f => `${where(f.what, '~ ')}${f.what ? '' : '目标'}没有响应`,
  },
  /** {step, object} */
  'step-failed': {
    en: f => `${where(f.step, 'step ~ ')}${f.step ? '' : 'a step '}failed${where(f.object ?? f.command, ' on ~')}`,
    'zh-CN': f =>
      `${where(f.step, '步骤 ~ ')}${f.step ? '' : '有一个步骤'}失败${where(f.object ?? f.command, '（~）')}`,
  },
  /** {count, objects} */
  'several-failed': {
    en: f => `${f.count ?? 'several'} steps failed${where(f.objects, ': ~')}`,
    'zh-CN': f => `${f.count ?? '多'} 个步骤失败${f.objects ? `：${names(f.objects, '、')}` : ''}`,
  },
  /** {step, object, ms} */
  'step-timeout': {
    en: f =>
      `${where(f.step, 'step ~ ')}${f.step ? '' : 'a step '}did not finish${f.ms === undefined ? ' in its time' : ` within ${span(f.ms, 'en')}`}${where(f.object ?? f.command, ' on ~')}`,
    'zh-CN': f =>
      `${where(f.step, '步骤 ~ ')}${f.step ? '' : '有一个步骤'}${f.ms === undefined ? '超时' : `未在 ${span(f.ms, 'zh-CN')}内完成`}${where(f.object, '（~）')}`,
  },
  /** {step, object} */
  'step-unknown': {
    en: f =>
      `it cannot be seen whether ${where(f.step, 'step ~ ')}${f.step ? '' : 'a step '}took effect${where(f.object ?? f.command, ' on ~')}; it is not repeated unseen`,
    'zh-CN': f =>
      `无法确认${where(f.step, '步骤 ~ ')}${f.step ? '' : '某一步'}是否已生效${where(f.object, '（~）')}；不会盲目重做`,
  },
  /** {object} */
  'not-settled': {
    en: f => `${f.object || f.command ? names(f.object ?? f.command) : 'the target'} did not come to rest`,
    'zh-CN': f => `${f.object || f.command ? `${names(f.object ?? f.command)} ` : '目标'}未能稳定下来`,
  },
  /** {object} */
  'no-good-answer': {
    en: f => `${f.object ? names(f.object) : 'the target'} gave no good answer`,
    'zh-CN': f => `${f.object ? `${names(f.object)} ` : '目标'}没有给出正常应答`,
  },
  /** {checks} */
  'verification-failed': {
    en: f => `verification did not pass${where(f.checks, ': ~')}`,
    'zh-CN': f => `验证未通过${where(f.checks && names(f.checks, '、'), '：~')}`,
  },
  /** {object, step} */
  'cannot-revert': {
    en: f => `${where(f.object, '~')}${f.object ? '' : 'a step'} cannot be put back by itself`,
    'zh-CN': f => `${where(f.object, '~ ')}${f.object ? '' : '有一步'}无法自动恢复原状`,
  },
  /** {by} */
  'cancelled-by-person': {
    en: f => `stopped${where(f.by, ' by ~')}`,
    'zh-CN': f => `已中止${where(f.by, '，操作人 ~')}`,
  },
  /** {run} */
  'superseded-by-run': {
    en: f => `${where(f.run, '~')}${f.run ? '' : 'another run'} goes on in its place`,
    'zh-CN': f => `由${where(f.run, ' ~ ')}${f.run ? '' : '另一次回滚'}接续`,
  },
  /** {worker} */
  'worker-missing': {
    en: f => `no worker${where(f.worker, ' called ~')} is running, and this target needs it`,
    'zh-CN': f => `该目标需要的 worker${where(f.worker, ' ~ ')}没有在运行`,
  },
  'takes-no-release': {
    en: () => 'it goes back to no release, and one was asked for',
    'zh-CN': () => '它不会恢复到任何版本，而请求指定了版本',
  },
  'redis-not-durable': {
    en: () => 'Redis here does not keep what it confirmed through a crash, so nothing runs that no human approved',
    'zh-CN': () => '此处的 Redis 在崩溃后不能保留已确认的数据，因此未经人工批准的操作一律不执行',
  },
  internal: {
    en: () => 'Backout itself failed; its log says where',
    'zh-CN': () => 'Backout 自身出错，详见其日志',
  },
} satisfies NoteTable;

/** What a catalogue may choose where another tool renders the target. */
const ways: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  en: {
    suspend: 'have it suspended until the hold is released (`owner: suspend`)',
    'suspend-parents': 'have those suspended as well (`owner: suspend-parents`)',
    ignore: 'have them ignore `/spec/syncPolicy` (ignoreApplicationDifferences)',
    helm: 'take it back with `helm.rollback`',
    git: 'change Git instead',
    controller: 'change that object instead',
    anyway: 'go on knowing that (`owner: anyway`)',
  },
  'zh-CN': {
    suspend: '暂停其同步，直至解除部署禁令（`owner: suspend`）',
    'suspend-parents': '一并暂停上级（`owner: suspend-parents`）',
    ignore: '让其忽略 `/spec/syncPolicy`（ignoreApplicationDifferences）',
    helm: '改用 `helm.rollback` 回退',
    git: '改为修改 Git',
    controller: '改为修改该上级对象',
    anyway: '知情并继续（`owner: anyway`）',
  },
};

/** What is left where nothing can be suspended. */
function waysAround(owner: Facts[string] | undefined): readonly string[] {
  return [...(Array.isArray(owner) && owner.includes('Helm') ? ['helm'] : []), 'git', 'anyway'];
}

function choices(can: Facts[string] | undefined, locale: Locale): string {
  const given = Array.isArray(can) ? can.flatMap(way => ways[locale][String(way)] ?? []) : [];
  if (given.length === 0) return '';
  if (locale === 'zh-CN') return `。可在服务目录中选择：${given.join('；')}`;
  return `. The catalogue can: ${given.join('; ')}`;
}
