import { partsGone } from '../notes/kubernetes.ts';
import { type NoteTable, names, where } from '../notes/table.ts';

/** Why no plan can be made, or why a change cannot be put back. */
export const planningCauses = {
  /** {command} */
  paused: {
    en: f => `it is paused, so nothing would roll out; resume it first${where(f.command, ': `~`')}`,
    'zh-CN': f => `它已暂停，改动不会发布；请先恢复${where(f.command, '：`~`')}`,
  },
  /** {kinds}: what was looked for. */
  gone: {
    en: f => (f.kinds ? `there is no ${names(f.kinds)} of that name` : 'there is no such object'),
    'zh-CN': f => (f.kinds ? `没有名称相符的 ${names(f.kinds, '、')}` : '没有这个对象'),
  },
  ending: { en: () => 'it is being deleted', 'zh-CN': () => '它正在被删除' },
  own: {
    en: () => 'it is part of Backout itself, which does not change what it runs as',
    'zh-CN': () => '它属于 Backout 自身，Backout 不改动自己赖以运行的对象',
  },
  'none-chosen': { en: () => 'no release was chosen to go back to', 'zh-CN': () => '没有选定要回到的版本' },
  /** {revision}: a number; {limit}: revisionHistoryLimit. */
  'not-in-history': {
    en: f =>
      `${f.revision === undefined ? 'it' : `revision ${f.revision}`} is not in the history${where(f.object, ' of ~')} any more${f.limit === undefined ? '' : f.limit === 0 ? ': no history is kept (revisionHistoryLimit 0)' : `: ${f.limit} old ones are kept`}`,
    'zh-CN': f =>
      `${where(f.object, '~ 的')}历史中已没有${f.revision === undefined ? '该版本' : `修订 ${f.revision}`}${f.limit === undefined ? '' : f.limit === 0 ? '：不保留历史（revisionHistoryLimit 0）' : `：只保留 ${f.limit} 个旧版本`}`,
  },
  /** {set} */
  'set-gone': { en: f => `its ReplicaSet ${f.set} is gone`, 'zh-CN': f => `其 ReplicaSet ${f.set} 已不存在` },
  /** {object, containers} */
  'image-not-seen': {
    en: f =>
      `the history of ${f.object} does not hold it any more, and which image ${names(f.containers)} ran was not seen`,
    'zh-CN': f => `${f.object} 的历史中已没有该版本，也未见过 ${names(f.containers, '、')} 当时运行的镜像`,
  },
  /** {missing, images} */
  'parts-gone': partsGone,
  /** {full} */
  'no-room': {
    en: f => `there is no room for its first new pod: ${names(f.full)}`,
    'zh-CN': f => `没有余量容纳第一个新 Pod：${names(f.full, '、')}`,
  },
  /** {containers, present} */
  'no-such-container': {
    en: f => `it has no container ${names(f.containers)}${where(f.present, ', only ~')}`,
    'zh-CN': f => `它没有容器 ${names(f.containers, '、')}${where(f.present && names(f.present, '、'), '，只有 ~')}`,
  },
  /** {autoscalers} */
  'several-autoscalers': {
    en: f => `several autoscalers scale it: ${names(f.autoscalers)}`,
    'zh-CN': f => `有多个自动扩缩器作用于它：${names(f.autoscalers, '、')}`,
  },
  /** {autoscaler, min, max} */
  autoscaled: {
    en: f =>
      `the HorizontalPodAutoscaler ${f.autoscaler} scales it between ${f.min} and ${f.max} pods and would overrule the count; \`hpa: suspend\` in the step holds it meanwhile`,
    'zh-CN': f =>
      `HorizontalPodAutoscaler ${f.autoscaler} 在 ${f.min} 至 ${f.max} 个 Pod 之间扩缩，会改掉所设的数量；步骤中写 \`hpa: suspend\` 可在此期间固定它`,
  },
  /** {autoscaler, owner} */
  'autoscaler-owned': {
    en: f =>
      `the HorizontalPodAutoscaler ${f.autoscaler} is managed by ${names(f.owner)}, which would undo its suspension`,
    'zh-CN': f => `HorizontalPodAutoscaler ${f.autoscaler} 由 ${names(f.owner, '、')} 管理，会撤销对它的固定`,
  },
  'none-with-labels': {
    en: () => 'no Deployment or StatefulSet there has these labels',
    'zh-CN': () => '其中没有带这些标签的 Deployment 或 StatefulSet',
  },
  parallel: {
    en: () => 'its pods are managed in parallel, so its rollout does not hang at a broken one',
    'zh-CN': () => '其 Pod 并行管理，发布不会卡在某个故障 Pod 上',
  },
  'on-delete': {
    en: () => 'its update strategy is OnDelete: deleting pods is its rollout, not its recovery',
    'zh-CN': () => '其更新策略为 OnDelete：删除 Pod 就是发布，而不是恢复',
  },
  /** {pods} */
  'no-such-pod': {
    en: f => `it has no pod ${names(f.pods)}`,
    'zh-CN': f => `它没有 Pod ${names(f.pods, '、')}`,
  },
  'no-pod-with-labels': {
    en: () => 'none of its pods has these labels',
    'zh-CN': () => '它没有带这些标签的 Pod',
  },
  /** {workload} */
  'same-template': {
    en: f =>
      `${f.workload} still has the template that this pod was made from, so the next one would be as broken; take the template back first`,
    'zh-CN': f => `${f.workload} 的模板与此 Pod 相同，新建的 Pod 会同样出错；请先恢复模板`,
  },
  /** {owner} */
  'no-reconciler': {
    en: f =>
      `it is not on this cluster; where ${names(f.owner)} runs elsewhere or in another namespace, suspend it there and choose \`owner: anyway\``,
    'zh-CN': f =>
      `它不在此集群上；如果 ${names(f.owner, '、')} 在别处或另一命名空间运行，请在那里暂停，并选择 \`owner: anyway\``,
  },
  fixed: {
    en: () => 'it is immutable: make another one under a new name, and let what reads it name that one',
    'zh-CN': () => '它不可变（immutable）：请用新名称另建一个，并让读取方引用新的',
  },
  immutable: {
    en: () =>
      'it cannot be changed back in place (it is immutable or of another type): it has to be deleted and created anew, which `replaceImmutable: true` allows',
    'zh-CN': () => '它不能就地改回（不可变或类型不同）：须先删除再重新创建，`replaceImmutable: true` 允许这样做',
  },
  /** {names}: pods. */
  'immutable-in-use': {
    en: f =>
      `scale to 0 what reads it, then go back: it is immutable, and nodes keep what they read of it while a pod uses it (now ${names(f.names)})`,
    'zh-CN': f =>
      `请先将读取它的工作负载缩到 0 再回退：它不可变，只要有 Pod 使用，节点就一直沿用已读取的内容（目前：${names(f.names, '、')}）`,
  },
  conflict: {
    en: () => 'others apply the same fields; `force: true` in the step takes them',
    'zh-CN': () => '这些字段由他人管理；步骤中写 `force: true` 可接管',
  },
  unfit: {
    en: () => 'the API server cannot read it as an object of its kind',
    'zh-CN': () => 'API server 无法把它读作该类型的对象',
  },
  /** {keys} */
  'other-value': {
    en: f => `the value of ${names(f.keys)} is not the one that was planned`,
    'zh-CN': f => `${names(f.keys, '、')} 的值与计划中的不同`,
  },
  /** {copy} */
  'copy-gone': {
    en: f => `the copy of its old values, secret ${f.copy}, is gone`,
    'zh-CN': f => `保存其旧值的副本 secret ${f.copy} 已不存在`,
  },
  'copy-changed': {
    en: () => 'it does not hold what its name says',
    'zh-CN': () => '其内容与名称所示的不符',
  },
  'not-kept': {
    en: () => 'what it held before is not kept any more',
    'zh-CN': () => '其先前的内容已不再保存',
  },
  'cannot-keep': {
    en: () => 'what it holds now cannot be kept',
    'zh-CN': () => '其当前的内容无法保存',
  },
  'newest-unreadable': {
    en: () => 'its newest revision cannot be read',
    'zh-CN': () => '其最新的修订无法读取',
  },
  'no-such-release': {
    en: () => 'helm knows no such release there',
    'zh-CN': () => 'helm 在那里没有这个 release',
  },
  /** {status} */
  uninstalled: {
    en: f => `it is ${f.status}: install it again`,
    'zh-CN': f => `其状态为 ${f.status}：请重新安装`,
  },
  /** {revision, status, seconds} */
  'helm-at-work': {
    en: f => `revision ${f.revision} is ${f.status}: helm may be at work; it counts as abandoned in ${f.seconds} s`,
    'zh-CN': f => `修订 ${f.revision} 状态为 ${f.status}：helm 可能正在执行；${f.seconds} 秒后视为已中断`,
  },
  /** {revision} */
  'revision-changed': {
    en: f => `revision ${f.revision} is not what it was, or gone`,
    'zh-CN': f => `修订 ${f.revision} 已变化或不存在`,
  },
  /** {object, kept} */
  'revision-not-kept': {
    en: f => `its revision is not kept any more; helm keeps ${f.kept} of ${f.object}`,
    'zh-CN': f => `其修订已不再保留；helm 目前保留 ${f.object} 的 ${f.kept} 个修订`,
  },
  /** {revision, status} */
  'revision-is': {
    en: f => `revision ${f.revision} is ${f.status}`,
    'zh-CN': f => `修订 ${f.revision} 状态为 ${f.status}`,
  },
} satisfies NoteTable;
