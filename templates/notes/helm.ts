import { type NoteTable, names, s, where } from './table.ts';

/** What Helm shows and what is done with it. */
export const helmNotes = {
  /** {object, from, to, was, version, chart, changed, created, deleted} */
  'helm-goes-back': {
    en: f =>
      `revision ${f.from} → ${f.to} (${f.was} → ${f.version}, chart ${f.chart}): ${f.changed} object${s(f.changed)} changed, ${f.created} created${where(f.deleted, ', deleted: ~')}`,
    'zh-CN': f =>
      `修订版本 ${f.from} → ${f.to}（${f.was} → ${f.version}，chart ${f.chart}）：修改 ${f.changed} 个对象，新建 ${f.created} 个${where(f.deleted, '，删除：~')}`,
  },
  'helm-put-back': {
    en: f => `puts ${f.object} back to revision ${f.revision} (${f.version})`,
    'zh-CN': f => `将 ${f.object} 恢复到修订版本 ${f.revision}（${f.version}）`,
  },
  'helm-works': {
    en: f => `helm takes ${f.object} to revision ${f.revision} and waits until it is ready`,
    'zh-CN': f => `helm 正在将 ${f.object} 回退到修订版本 ${f.revision}，并等待其就绪`,
  },
  /** {object, revision, to} */
  'helm-is-at': {
    en: f => `${f.object} is at revision ${f.revision}, which is revision ${f.to} again`,
    'zh-CN': f => `${f.object} 当前为修订版本 ${f.revision}，内容与修订版本 ${f.to} 相同`,
  },
  'helm-is-not-at': {
    en: f => `${f.object} is at revision ${f.revision}, not yet back at ${f.to}`,
    'zh-CN': f => `${f.object} 当前为修订版本 ${f.revision}，尚未回到 ${f.to}`,
  },
  'helm-moved': {
    en: f => `somebody else made revision ${f.revision} (${f.status}) of ${f.object}`,
    'zh-CN': f => `有人创建了 ${f.object} 的修订版本 ${f.revision}（${f.status}）`,
  },
  'helm-failed': {
    en: f => `helm marked revision ${f.revision} of ${f.object} failed`,
    'zh-CN': f => `helm 将 ${f.object} 的修订版本 ${f.revision} 标记为失败`,
  },
  'helm-cut': {
    en: f => `helm was cut off in the middle of revision ${f.revision} (${f.status}) of ${f.object}; it is done again`,
    'zh-CN': f => `helm 在 ${f.object} 的修订版本 ${f.revision}（${f.status}）中途被中断，将重做`,
  },
  'helm-cut-with-hooks': {
    en: f =>
      `helm was cut off in the middle of revision ${f.revision} (${f.status}) of ${f.object}; its hooks may have run, so a person has to look`,
    'zh-CN': f =>
      `helm 在 ${f.object} 的修订版本 ${f.revision}（${f.status}）中途被中断；其 hook 可能已执行，需要人工确认`,
  },
  'helm-release-gone': {
    en: f => `helm knows ${f.object} no more`,
    'zh-CN': f => `helm 中已没有 ${f.object}`,
  },
  'helm-unreadable': {
    en: f => `revision ${f.revision} of ${f.object} cannot be read`,
    'zh-CN': f => `无法读取 ${f.object} 的修订版本 ${f.revision}`,
  },
  'helm-restarts': {
    en: f => `pods may be replaced: ${names(f.names)}`,
    'zh-CN': f => `可能会替换 Pod：${names(f.names, '、')}`,
  },
  'helm-creates': {
    en: f => `created: ${names(f.names)}`,
    'zh-CN': f => `新建：${names(f.names, '、')}`,
  },
  'helm-deletes': {
    en: f => `deleted: ${names(f.names)}`,
    'zh-CN': f => `删除：${names(f.names, '、')}`,
  },
  'helm-deletes-data': {
    en: f => `data goes with what is deleted: ${names(f.names)}`,
    'zh-CN': f => `删除以下对象会一并丢失数据：${names(f.names, '、')}`,
  },
  'helm-hooks-run': {
    en: f =>
      `hooks of revision ${f.revision} run: ${names(f.names)}; cut off in the middle they are not repeated, a person is asked`,
    'zh-CN': f => `会执行修订版本 ${f.revision} 的 hook：${names(f.names, '、')}；若中途中断不会自动重做，将请人处理`,
  },
  'helm-unlocks': {
    en: f => `revision ${f.revision} was left ${f.status}; it is marked failed first`,
    'zh-CN': f => `修订版本 ${f.revision} 停留在 ${f.status}，会先将其标记为失败`,
  },
  'helm-forces': {
    en: f => `the objects of ${f.object} are replaced whole, not patched: what others changed in them is lost`,
    'zh-CN': f => `${f.object} 的对象会被整体替换而不是修补：其他人对它们的修改会丢失`,
  },
  'helm-hooks-stay': {
    en: f => `what these hooks did when they ran: ${names(f.names)}`,
    'zh-CN': f => `这些 hook 已产生的效果：${names(f.names, '、')}`,
  },
  'helm-crds-stay': {
    en: f => `custom resource definitions, which helm never changes: ${names(f.names)}`,
    'zh-CN': f => `自定义资源定义（helm 从不修改）：${names(f.names, '、')}`,
  },
  'helm-volumes-stay': {
    en: f => `what the volumes hold: ${names(f.names)}`,
    'zh-CN': f => `存储卷中的数据：${names(f.names, '、')}`,
  },
  'helm-keeps': {
    en: f => `kept by their own mark, though the older revision has them not: ${names(f.names)}`,
    'zh-CN': f => `旧修订版本没有、但标记为保留的对象：${names(f.names, '、')}`,
  },
  'helm-rights-unchecked': {
    en: f => `whether helm may write every object of ${f.object}`,
    'zh-CN': f => `helm 是否有权写入 ${f.object} 的所有对象`,
  },
  'helm-revision-failed': {
    en: f => `helm marked its revision ${f.revision} failed`,
    'zh-CN': f => `helm 将其修订版本 ${f.revision} 标记为失败`,
  },
  'helm-revision-pending': {
    en: f => `revision ${f.revision} never came to its end (${f.status})`,
    'zh-CN': f => `修订版本 ${f.revision} 从未完成（${f.status}）`,
  },
  'helm-revision-not-rolled-out': {
    en: f => `revision ${f.revision} was never rolled out (${f.status})`,
    'zh-CN': f => `修订版本 ${f.revision} 从未成功发布（${f.status}）`,
  },
} satisfies NoteTable;
