import { type NoteTable, named, names, plural, verb, where } from './table.ts';

const rendered = {
  en: { same: 'Git holds what runs now', other: 'Git holds something else than what runs now' },
  'zh-CN': { same: 'Git 与现有运行内容一致', other: 'Git 与现有运行内容不一致' },
} as const;

/** Who else has to do with what is changed, and what is done about it. */
export const kubernetesOwnerNotes = {
  /** {object, names} */
  'behind-services': {
    en: f => `Service${plural(f.names)} ${names(f.names)} ${verb(f.names, 'leads', 'lead')} to the pods of ${f.object}`,
    'zh-CN': f => `Service ${names(f.names, '、')} 指向 ${f.object} 的 Pod`,
  },
  'services-not-readable': {
    en: f => `which Services lead to ${f.object}: Backout may not list them`,
    'zh-CN': f => `哪些 Service 指向 ${f.object}：Backout 无权列出`,
  },
  'outside-stays': {
    en: f =>
      `${where(f.names, `Service${plural(f.names)} ~, `)}volumes and custom resource definitions, which are no part of a release`,
    'zh-CN': f => `${where(f.names && names(f.names, '、'), 'Service ~、')}存储卷和自定义资源定义，它们不属于版本`,
  },
  /** {object, owner} */
  'owner-suspends': {
    en: f => `suspends ${f.owner}: ${f.object} changes nothing by itself until the hold is released`,
    'zh-CN': f => `暂停 ${f.owner}：在解除部署禁令之前，${f.object} 不再自动同步`,
  },
  'owner-resumes': {
    en: f => `lets ${f.owner} go on: ${f.object} syncs by itself as before`,
    'zh-CN': f => `恢复 ${f.owner}：${f.object} 照旧自动同步`,
  },
  'owner-is-suspended': {
    en: f => `${f.object} is suspended${f.git ? `; ${named(f.git, rendered.en)}` : ''}`,
    'zh-CN': f => `${f.object} 已暂停同步${f.git ? `；${named(f.git, rendered['zh-CN'])}` : ''}`,
  },
  'owner-reconciles': {
    en: f => `${f.object} syncs by itself`,
    'zh-CN': f => `${f.object} 正在自动同步`,
  },
  'owner-gone': { en: f => `${f.object} is not there any more`, 'zh-CN': f => `${f.object} 已不存在` },
  /** {objects} */
  'owner-stays-suspended': {
    en: f =>
      `${names(f.objects)} ${verb(f.objects, 'stays', 'stay')} suspended after the run, so that the failing release does not come back from Git; \`release-hold\` asks to resume ${verb(f.objects, 'it', 'them')}`,
    'zh-CN': f =>
      `${names(f.objects, '、')} 在回滚结束后保持暂停，以免 Git 中的故障版本重新上线；用 \`release-hold\` 申请恢复同步`,
  },
  'owner-already-suspended': {
    en: f => `${f.object} does not sync by itself already; whoever syncs it by hand brings back what Git holds`,
    'zh-CN': f => `${f.object} 目前不自动同步；手动同步会恢复 Git 中的内容`,
  },
  /** {object, owner} */
  'owner-undoes': {
    en: f => `${f.object} is managed by ${names(f.owner)}: its next sync or upgrade may undo the change`,
    'zh-CN': f => `${f.object} 由 ${names(f.owner, '、')} 管理：其下次同步或升级可能覆盖此次改动`,
  },
} satisfies NoteTable;
