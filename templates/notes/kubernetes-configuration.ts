import { day, type Facts, type NoteTable, named, names, s, verb, where } from './table.ts';

const ways = {
  en: { rolling: 'rolling', recreate: 'all at once, with a gap', 'on-delete': 'as they are deleted' },
  'zh-CN': { rolling: '滚动更新', recreate: '先停后启，会有中断', 'on-delete': '随 Pod 删除逐个更新' },
} as const;

const since = {
  en: (f: Facts) => (f.changedAt === undefined ? '' : ` (changed ${day(f.changedAt, 'en')})`),
  'zh-CN': (f: Facts) => (f.changedAt === undefined ? '' : `（${day(f.changedAt, 'zh-CN')} 有改动）`),
} as const;

/** What is said of ConfigMaps and Secrets that belong to a release. */
export const configurationNotes = {
  /** {object, keys} */
  'configuration-goes-back': {
    en: f => `${f.object} goes back to what it held${where(f.keys, ': ~')}`,
    'zh-CN': f => `${f.object} 恢复为当时的内容${where(f.keys, '：~')}`,
  },
  /** {object, keys} */
  'configuration-made-anew': {
    en: f => `${f.object} is made anew with what it held${where(f.keys, ': ~')}`,
    'zh-CN': f => `按当时的内容重新创建 ${f.object}${where(f.keys, '：~')}`,
  },
  'configuration-put-back': {
    en: f => `puts ${f.object} back to what it held before`,
    'zh-CN': f => `将 ${f.object} 恢复到之前的内容`,
  },
  'configuration-left': {
    en: f => `leaves ${f.object} as it is: Backout may not delete it`,
    'zh-CN': f => `保留 ${f.object}：Backout 无权删除它`,
  },
  'configuration-cannot-go': {
    en: f => `${f.object} is made anew and would stay if this is put back: Backout may not delete it`,
    'zh-CN': f => `${f.object} 会被重新创建；若之后恢复原状，它会保留，因为 Backout 无权删除它`,
  },
  'configuration-is-at': {
    en: f => `${f.object} holds what it is to hold`,
    'zh-CN': f => `${f.object} 已是所需内容`,
  },
  'configuration-is-not-at': {
    en: f => `${f.object} does not hold what it is to hold`,
    'zh-CN': f => `${f.object} 不是所需内容`,
  },
  'configuration-replaced': {
    en: f =>
      `${f.object} cannot be changed in place: it is deleted and created anew, and pods that start in between fail`,
    'zh-CN': f => `${f.object} 不能就地修改：会先删除再重新创建，其间启动的 Pod 会失败`,
  },
  /** {object, names} */
  'configuration-shared': {
    en: f =>
      `${names(f.names)} ${verb(f.names, 'reads', 'read')} ${f.object} too, and ${verb(f.names, 'is', 'are')} not restarted`,
    'zh-CN': f => `${names(f.names, '、')} 也读取 ${f.object}，不会被重启`,
  },
  /** {object, pods, how} */
  'reader-starts-anew': {
    en: f =>
      `starts ${f.pods} pod${s(f.pods)} of ${f.object} anew, ${named(f.how, ways.en)}: they started with the configuration that is taken back`,
    'zh-CN': f =>
      `重新启动 ${f.object} 的 ${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}：它们启动时读取了将被恢复的配置`,
  },
  /** {object, name, changedAt} */
  'configuration-not-kept': {
    en: f => `${f.name}${since.en(f)}: what it held then was not kept`,
    'zh-CN': f => `${f.name}${since['zh-CN'](f)}：当时的内容没有保存`,
  },
  /** {object, name, changedAt, owner} */
  'configuration-owned': {
    en: f => `${f.name}${since.en(f)}: ${names(f.owner)} renders it and would change it again`,
    'zh-CN': f => `${f.name}${since['zh-CN'](f)}：由 ${names(f.owner, '、')} 生成，会再次被改写`,
  },
  /** {object, name, changedAt} */
  'configuration-not-allowed': {
    en: f => `${f.name}${since.en(f)}: Backout may not change it, or not keep what it holds now`,
    'zh-CN': f => `${f.name}${since['zh-CN'](f)}：Backout 无权修改它，或无法保存其当前内容`,
  },
  /** {object, version, pods, how} */
  'deployment-starts-anew': {
    en: f =>
      `starts ${f.pods} pod${s(f.pods)} on ${f.version} anew, ${named(f.how, ways.en)}: they read configuration when they start`,
    'zh-CN': f => `重新启动 ${f.version} 的 ${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}：配置在启动时读取`,
  },
} satisfies NoteTable;
