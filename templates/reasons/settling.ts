import { type NoteTable, names, span, where } from '../notes/table.ts';

/** Why something did not come to rest. */
export const settlingCauses = {
  /** {pod, container, cause, exitCode, last}: the cause is Kubernetes' own word; `last`: the quote after it is what the container logged. */
  'pod-in-trouble': {
    en: f =>
      `${f.pod ? `pod ${f.pod}` : 'a pod'}${where(f.container, ', container ~')}: ${names(f.cause)}${where(f.exitCode, ', last exit code ~')}${f.last ? '; it said last' : ''}`,
    'zh-CN': f =>
      `${f.pod ? `Pod ${f.pod}` : '有 Pod '}${where(f.container, ' 的容器 ~')}：${names(f.cause)}${where(f.exitCode, '，最近一次退出码 ~')}${f.last ? '；最后的日志' : ''}`,
  },
  PodsRefused: { en: () => 'its pods are refused', 'zh-CN': () => '其 Pod 被拒绝创建' },
  /** {pod, command} */
  StatefulSetStuck: {
    en: f =>
      `the StatefulSet waits for pod ${f.pod}, which hangs on the release before; delete it: \`${names(f.command)}\``,
    'zh-CN': f => `StatefulSet 在等待卡在旧版本上的 Pod ${f.pod}；请删除它：\`${names(f.command)}\``,
  },
  /** {workload} */
  'workload-deleted': {
    en: f => `${f.workload} was deleted meanwhile`,
    'zh-CN': f => `${f.workload} 在此期间被删除`,
  },
  deleted: { en: () => 'it was deleted meanwhile', 'zh-CN': () => '它在此期间被删除' },
  /** {ms} */
  deadline: {
    en: f => `not ready within its ${span(f.ms, 'en')}`,
    'zh-CN': f => `未在其 ${span(f.ms, 'zh-CN')} 期限内就绪`,
  },
  /** {to, ms} */
  'count-overdue': {
    en: f => `not ${f.to} pods within ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}内未达到 ${f.to} 个 Pod`,
  },
  /** {ms} */
  'follower-overdue': {
    en: f => `no pod in its place is Ready within ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}内没有接替的 Pod 就绪`,
  },
  /** {ms} */
  'sync-goes-on': {
    en: f => `a sync that began before goes on since ${span(f.ms, 'en')}`,
    'zh-CN': f => `之前开始的同步已持续 ${span(f.ms, 'zh-CN')}，仍未结束`,
  },
  /** {ms} */
  'not-noticed': {
    en: f => `its controller has not seen it in ${span(f.ms, 'en')}`,
    'zh-CN': f => `其控制器在 ${span(f.ms, 'zh-CN')}内没有处理`,
  },
  /** {to, ms} */
  'other-endpoints': {
    en: f => `its endpoints are not those of ${f.to} alone after ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}后其端点仍不全是 ${f.to} 的`,
  },
  /** {ms} */
  'gateway-silent': {
    en: f => `its gateway has not taken it after ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}后其网关仍未采用`,
  },
  /** {ms} */
  'not-written': {
    en: f => `it does not hold what it is to hold after ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}后其内容仍不是所需内容`,
  },
  /** {step, names} */
  'waits-for-promotion': {
    en: f => `it waits at step ${f.step} until somebody promotes it${where(f.names, ' (~)')}`,
    'zh-CN': f => `它停在步骤 ${f.step}，等待人工继续${where(f.names, '（~）')}`,
  },
  degraded: { en: () => 'its controller says', 'zh-CN': () => '其控制器称' },
  /** {ms} */
  'no-rest': {
    en: f => `it still moves after ${span(f.ms, 'en')}`,
    'zh-CN': f => `${span(f.ms, 'zh-CN')}后仍在变化`,
  },
  /** {phase} */
  'flagger-went-on': {
    en: f => `Flagger has gone on to ${f.phase}`,
    'zh-CN': f => `Flagger 已进入 ${f.phase}`,
  },
  /** {ms} */
  'flagger-idle': {
    en: f => `Flagger has not acted after ${span(f.ms, 'en')}`,
    'zh-CN': f => `Flagger 在 ${span(f.ms, 'zh-CN')}后仍未处理`,
  },
  'object-gone': { en: () => 'there is no such Service', 'zh-CN': () => '没有这个 Service' },
  /** {names}: its ports. */
  'service-port-needed': {
    en: f => `name its port in the step${where(f.names, ': ~')}`,
    'zh-CN': f => `请在步骤中写明其端口${where(f.names && names(f.names, '、'), '：~')}`,
  },
} satisfies NoteTable;
