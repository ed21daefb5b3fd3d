import { type Facts, type NoteTable, names, s, verb, where } from './table.ts';

/** What is done to ConfigMaps, Secrets, Services and whole folders of manifests. */
export const kubernetesObjectNotes = {
  'object-gone': { en: f => `${f.object} is not there any more`, 'zh-CN': f => `${f.object} 已不存在` },
  /** {object, set, removed} */
  'keys-change': {
    en: f => `${f.object}: ${parts(f, 'sets ', 'removes ', '; ')}`,
    'zh-CN': f => `${f.object}：${parts(f, '设置 ', '删除 ', '；')}`,
  },
  'keys-put-back': {
    en: f => `puts ${names(f.keys)} of ${f.object} back`,
    'zh-CN': f => `恢复 ${f.object} 的 ${names(f.keys, '、')}`,
  },
  'keys-as-wanted': {
    en: f => `${f.object} holds ${names(f.keys)} as wanted`,
    'zh-CN': f => `${f.object} 的 ${names(f.keys, '、')} 已符合要求`,
  },
  'keys-not-as-wanted': {
    en: f => `${f.object} does not hold ${names(f.keys)} as wanted`,
    'zh-CN': f => `${f.object} 的 ${names(f.keys, '、')} 尚未符合要求`,
  },
  'read-at-start': {
    en: f => `${names(f.names)}: ${verb(f.names, 'reads', 'read')} ${f.object} when a pod starts`,
    'zh-CN': f => `${names(f.names, '、')}：在 Pod 启动时读取 ${f.object}`,
  },
  'read-as-file': {
    en: f =>
      `${names(f.names)}: ${verb(f.names, 'mounts', 'mount')} ${f.object}; its files follow within about a minute`,
    'zh-CN': f => `${names(f.names, '、')}：挂载了 ${f.object}，文件约一分钟内更新`,
  },
  'read-by-nobody': {
    en: f => `no workload of the namespace names ${f.object}`,
    'zh-CN': f => `该命名空间内没有工作负载引用 ${f.object}`,
  },
  'restart-needed': {
    en: f => `${names(f.names)} ${verb(f.names, 'sees', 'see')} no change of ${f.object} before a restart`,
    'zh-CN': f => `${names(f.names, '、')} 重启后才能看到 ${f.object} 的改动`,
  },
  'readers-not-listed': {
    en: f => `which ${names(f.names)} read ${f.object}: Backout may not list them`,
    'zh-CN': f => `哪些 ${names(f.names, '、')} 读取 ${f.object}：Backout 无权列出`,
  },
  /** {object, from, to, pods} */
  'service-switches': {
    en: f => `${f.object}: ${f.from} → ${f.to}, ${f.pods} ready pod${s(f.pods)}`,
    'zh-CN': f => `${f.object}：${f.from} → ${f.to}，${f.pods} 个就绪 Pod`,
  },
  'service-switches-back': {
    en: f => `leads ${f.object} back to ${f.from}`,
    'zh-CN': f => `将 ${f.object} 切回 ${f.from}`,
  },
  /** {object, to, ready, foreign} */
  'service-leads-to': {
    en: f => `${f.object} leads to ${f.ready} ready pod${s(f.ready)} with ${f.to}${others(f, 'en')}`,
    'zh-CN': f => `${f.object} 指向 ${f.ready} 个带 ${f.to} 的就绪 Pod${others(f, 'zh-CN')}`,
  },
  'service-leads-elsewhere': {
    en: f => `${f.object} does not select ${f.to}`,
    'zh-CN': f => `${f.object} 尚未选择 ${f.to}`,
  },
  'endpoints-replaced': {
    en: f => `${f.before} endpoint${s(f.before)} of ${f.object}, replaced by ${f.after}`,
    'zh-CN': f => `${f.object} 的 ${f.before} 个端点，替换为 ${f.after} 个`,
  },
  'connections-stay': {
    en: f => `connections to ${f.object} that are open stay with the old pods until they close`,
    'zh-CN': f => `${f.object} 已建立的连接在关闭前仍留在旧 Pod 上`,
  },
  'old-pods-not-ready': {
    en: f => `no pod with ${f.selector} is ready: switching ${f.object} back would lead to nobody`,
    'zh-CN': f => `带 ${f.selector} 的 Pod 均未就绪：将 ${f.object} 切回后无人应答`,
  },
  /** {object, file, fields} */
  'object-applies': {
    en: f =>
      `${f.object}: ${paths(f.fields)} as ${f.file} has ${Array.isArray(f.fields) && f.fields.length === 1 ? 'it' : 'them'}`,
    'zh-CN': f => `${f.object}：按 ${f.file} 修改 ${paths(f.fields)}`,
  },
  'object-made': {
    en: f => `makes ${f.object} out of ${f.file}`,
    'zh-CN': f => `根据 ${f.file} 创建 ${f.object}`,
  },
  'object-put-back': {
    en: f => `puts ${paths(f.fields)} of ${f.object} back`,
    'zh-CN': f => `恢复 ${f.object} 的 ${paths(f.fields)}`,
  },
  'object-stays': {
    en: f => `${f.object} was made by this step and stays: nothing is deleted`,
    'zh-CN': f => `${f.object} 由此步骤创建，予以保留：不删除任何对象`,
  },
  'objects-stay': {
    en: f => `made anew, and left there when the run is put back: ${names(f.names)}`,
    'zh-CN': f => `新创建，撤回本次回滚时仍保留：${names(f.names, '、')}`,
  },
  'object-absent': { en: f => `${f.object} is not there yet`, 'zh-CN': f => `${f.object} 尚不存在` },
  'object-as-manifest': {
    en: f => `${f.object} is as its manifest says`,
    'zh-CN': f => `${f.object} 与其清单一致`,
  },
  'object-as-before': { en: f => `${f.object} is as it was before`, 'zh-CN': f => `${f.object} 已恢复原状` },
  'object-not-yet': { en: f => `${f.object} is not yet as wanted`, 'zh-CN': f => `${f.object} 尚未符合要求` },
  'http-awaited': {
    en: f => `goes on after ${f.times} good answer${s(f.times)} in a row from ${f.object} ${f.path}`,
    'zh-CN': f => `${f.object} ${f.path} 连续 ${f.times} 次正常应答后继续`,
  },
  'http-not-asked': {
    en: f => `${f.object} is asked when the run gets there`,
    'zh-CN': f => `执行到此步时访问 ${f.object}`,
  },
  'applied-by-others': {
    en: f =>
      `${names(f.names)} ${verb(f.names, 'applies', 'apply')} ${f.object} as well: the next change there of a field that both name will conflict`,
    'zh-CN': f => `${names(f.names, '、')} 也管理 ${f.object}：对方下次修改双方都声明的字段时会冲突`,
  },
  'takes-fields': {
    en: f => `takes fields of ${f.object} that others applied, whose next apply will conflict`,
    'zh-CN': f => `接管 ${f.object} 中由他人管理的字段，对方下次 apply 会冲突`,
  },
} satisfies NoteTable;

/** JSON pointers as people write fields: \`spec.replicas\`. */
function paths(fact: Facts[string] | undefined): string {
  const all = Array.isArray(fact) ? fact : [String(fact ?? '')];
  const written = (at: string) => at.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
  return all.map(at => (at.startsWith('/') ? written(at) : at)).join(', ');
}

function others(f: Facts, locale: 'en' | 'zh-CN'): string {
  if (Number(f.foreign) === 0) return '';
  return locale === 'en' ? `, and to ${f.foreign} other${s(f.foreign)} still` : `，另有 ${f.foreign} 个旧端点`;
}

function parts(f: Facts, set: string, removed: string, between: string): string {
  return [where(f.set, `${set}~`), where(f.removed, `${removed}~`)].filter(Boolean).join(between);
}
