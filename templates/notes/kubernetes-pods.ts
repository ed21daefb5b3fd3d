import { type NoteTable, names, s } from './table.ts';

/** How many pods there are, and what becomes of them, their template left as it is. */
export const kubernetesPodNotes = {
  'workload-gone': { en: f => `${f.object} is not there any more`, 'zh-CN': f => `${f.object} 已不存在` },
  /** {object, from, to} */
  'replicas-change': {
    en: f => `${f.object}: ${f.from} → ${f.to} pod${s(f.to)}`,
    'zh-CN': f => `${f.object}：${f.from} → ${f.to} 个 Pod`,
  },
  'pods-counted': {
    en: f => `${f.object}: ${f.to} pod${s(f.to)} instead of ${f.from}`,
    'zh-CN': f => `${f.object}：Pod 数由 ${f.from} 变为 ${f.to}`,
  },
  'replicas-put-back': {
    en: f => `puts ${f.object} back to ${f.to} pod${s(f.to)}`,
    'zh-CN': f => `将 ${f.object} 恢复为 ${f.to} 个 Pod`,
  },
  /** {object, replicas, pods, to} */
  'replicas-are': {
    en: f => `${f.object} is set to ${f.replicas} pod${s(f.replicas)} and has ${f.pods}`,
    'zh-CN': f => `${f.object} 设定为 ${f.replicas} 个 Pod，现有 ${f.pods} 个`,
  },
  /** {object, ready, pods, replicas} */
  'pods-becoming': {
    en: f => `${f.object}: ${f.pods} pod${s(f.pods)}, ${f.ready} ready, ${f.replicas} wanted`,
    'zh-CN': f => `${f.object}：${f.pods} 个 Pod，${f.ready} 个就绪，目标 ${f.replicas} 个`,
  },
  'pod-to-come': {
    en: f => `${f.object} is gone; the pod in its place is not ready yet`,
    'zh-CN': f => `${f.object} 已删除，接替的 Pod 尚未就绪`,
  },
  scaled: {
    en: f => `${f.object} has ${f.replicas} pod${s(f.replicas)}, ${f.ready} ready`,
    'zh-CN': f => `${f.object} 有 ${f.replicas} 个 Pod，${f.ready} 个就绪`,
  },
  'scaled-to-none': { en: f => `${f.object} has no pod left`, 'zh-CN': f => `${f.object} 已没有 Pod` },
  'no-pods-left': {
    en: f => `${f.object} serves nothing from then on, until it is scaled back`,
    'zh-CN': f => `此后 ${f.object} 不再提供服务，直到恢复副本数`,
  },
  /** {object, autoscaler, min, max} */
  'autoscaler-rests': {
    en: f =>
      `${f.autoscaler} (${f.min} to ${f.max} pods) rests while ${f.object} has none, and takes up once it has some`,
    'zh-CN': f => `${f.object} 没有 Pod 期间，${f.autoscaler}（${f.min} 至 ${f.max} 个）暂停；恢复后继续工作`,
  },
  /** {object, autoscaler, min, max, to} */
  'autoscaler-held': {
    en: f =>
      `${f.autoscaler} is held at ${f.to} pod${s(f.to)} and does not follow the load of ${f.object}; its limits (${f.min} to ${f.max}) come back when the run is undone`,
    'zh-CN': f =>
      `${f.autoscaler} 将固定为 ${f.to} 个 Pod，不再随 ${f.object} 的负载变化；撤销本次回滚时恢复原范围（${f.min} 至 ${f.max}）`,
  },
  /** {object} */
  'pod-is-evicted': {
    en: f => `evicts ${f.object}; its controller makes a new one`,
    'zh-CN': f => `驱逐 ${f.object}，由其控制器新建`,
  },
  'pod-is-deleted': {
    en: f => `deletes ${f.object}, which the rollout hangs at; its controller makes a new one`,
    'zh-CN': f => `删除卡住发布的 ${f.object}，由其控制器新建`,
  },
  /** {object, pods, of} */
  'pods-deleted': {
    en: f => `${names(f.pods)}: deleted, out of ${f.of} pod${s(f.of)} of ${f.object}`,
    'zh-CN': f => `删除 ${f.object} 的 ${f.of} 个 Pod 中的 ${names(f.pods, '、')}`,
  },
  'deletion-stays': {
    en: f => `deleted pods do not come back; ${f.object} makes new ones from its template`,
    'zh-CN': f => `已删除的 Pod 不会恢复；${f.object} 会按其模板新建`,
  },
  'pod-there': { en: f => `${f.object} is still there`, 'zh-CN': f => `${f.object} 仍在` },
  'pod-ending': { en: f => `${f.object} is ending`, 'zh-CN': f => `${f.object} 正在终止` },
  'pod-gone': { en: f => `${f.object} is gone`, 'zh-CN': f => `${f.object} 已删除` },
  'pod-ready-again': {
    en: f => `${f.object} is ready again and stays`,
    'zh-CN': f => `${f.object} 已恢复就绪，予以保留`,
  },
  'pod-replaced': {
    en: f => `${f.object} is gone and a ready one is in its place`,
    'zh-CN': f => `${f.object} 已删除，接替的 Pod 已就绪`,
  },
  'eviction-waits': {
    en: f => `a PodDisruptionBudget does not let ${f.object} go yet; waiting`,
    'zh-CN': f => `PodDisruptionBudget 暂不允许驱逐 ${f.object}，等待中`,
  },
  /** {object, pods} */
  'evictions-held': {
    en: f => `a PodDisruptionBudget does not let ${names(f.pods)} go now; the run waits for it`,
    'zh-CN': f => `PodDisruptionBudget 目前不允许驱逐 ${names(f.pods, '、')}，回滚会等待`,
  },
  'recovery-needs-template': {
    en: f => `${f.object} would make these pods anew as they are; an earlier step has to take its template back`,
    'zh-CN': f => `${f.object} 会按相同模板重建这些 Pod；须由之前的步骤先恢复模板`,
  },
  'budgets-not-asked': {
    en: f => `PodDisruptionBudgets are not asked: the rollout of ${f.object} goes on only once these pods are gone`,
    'zh-CN': f => `不检查 PodDisruptionBudget：这些 Pod 删除后，${f.object} 的发布才能继续`,
  },
} satisfies NoteTable;
