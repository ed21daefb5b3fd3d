import { type NoteTable, names } from '../notes/table.ts';

/** Why a folder of manifests is not applied. `file` and `path` are as from the folder of the catalogue. */
export const folderCauses = {
  /** {count, most} */
  'too-many-manifests': {
    en: f => `it holds ${f.count} manifests, and ${f.most} are the most`,
    'zh-CN': f => `其中有 ${f.count} 个清单文件，最多 ${f.most} 个`,
  },
  /** {bytes, most} */
  'folder-too-large': {
    en: f => `it holds ${f.bytes} bytes, and ${f.most} are the most`,
    'zh-CN': f => `其内容共 ${f.bytes} 字节，最多 ${f.most} 字节`,
  },
  'no-manifest': { en: () => 'it holds no manifest', 'zh-CN': () => '其中没有清单' },
  /** {name} */
  'manifest-twice': { en: f => `${f.name} stands there twice`, 'zh-CN': f => `${f.name} 出现了两次` },
  /** {path} */
  'path-missing': {
    en: f => `${f.path} is not there on this worker`,
    'zh-CN': f => `此 worker 上没有 ${f.path}`,
  },
  'path-leads-out': {
    en: f => `${f.path} leads out of the catalogue's folder`,
    'zh-CN': f => `${f.path} 指向服务目录所在目录之外`,
  },
  'path-unreadable': {
    en: f => `${f.path} is no folder that can be read`,
    'zh-CN': f => `${f.path} 不是可读取的目录`,
  },
  /** {file} */
  'file-wrong': { en: f => `${f.file} cannot be read`, 'zh-CN': f => `${f.file} 无法解析` },
  /** {file, fields} */
  'not-one-object': {
    en: f => `${f.file}: no manifest of one named object (${names(f.fields)})`,
    'zh-CN': f => `${f.file}：不是单个具名对象的清单（${names(f.fields, '、')}）`,
  },
  'holds-a-secret': {
    en: f => `${f.file}: a Secret is not applied, since a plan would hold its values; use kubernetes.secret`,
    'zh-CN': f => `${f.file}：不应用 Secret，否则计划中会含有其值；请使用 kubernetes.secret`,
  },
  /** {file, field} */
  'looks-secret': {
    en: f => `${f.file}: ${f.field} looks secret; name a key of a Secret instead`,
    'zh-CN': f => `${f.file}：${f.field} 疑似密钥；请改为引用 Secret 的键`,
  },
  /** {file, manifest, namespace} */
  'namespace-not-named': {
    en: f => `${f.file}, ${f.manifest}: namespace ${f.namespace} is none of the step's: name it in \`alsoNamespaces\``,
    'zh-CN': f => `${f.file} 的 ${f.manifest}：步骤未包含命名空间 ${f.namespace}：请写入 \`alsoNamespaces\``,
  },
  /** {file, manifest, kind} */
  'kind-unknown': {
    en: f => `${f.file}, ${f.manifest}: the cluster knows no ${f.kind}`,
    'zh-CN': f => `${f.file} 的 ${f.manifest}：集群没有 ${f.kind} 这种类型`,
  },
  /** {file, manifest} */
  'cluster-wide': {
    en: f => `${f.file}, ${f.manifest}: it belongs to the whole cluster, and only what a namespace holds is applied`,
    'zh-CN': f => `${f.file} 的 ${f.manifest}：它属于整个集群，而只应用命名空间内的对象`,
  },
} satisfies NoteTable;
