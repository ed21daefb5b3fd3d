import { day, type Facts, type NoteTable, named, names, type Sentence, s, verb, where } from './table.ts';

const ways = {
  en: { rolling: 'rolling', recreate: 'all at once, with a gap', 'on-delete': 'each when it is deleted' },
  'zh-CN': { rolling: '滚动更新', recreate: '先停后启，会有中断', 'on-delete': '各 Pod 被删除后才更新' },
} as const;
const gradeWords = { en: { bad: 'bad', suspect: 'suspect' }, 'zh-CN': { bad: '已知有问题', suspect: '可疑' } } as const;

/** How many pods of a release are ready, e.g. `5 of 8 pods on 2.13.2`. */
const pods = {
  en: (f: Facts) => `${f.ready} of ${f.pods} pod${s(f.pods)} on ${f.version}`,
  'zh-CN': (f: Facts) => `${f.pods} 个 Pod 中 ${f.ready} 个为 ${f.version}`,
} as const;

/** What a release needs and does not find: {missing} objects with the keys they lack, {images} that lie on no node. */
export const partsGone: Sentence = {
  en: f =>
    `what it needs is gone: ${[where(f.missing, '~'), where(f.images, 'image ~ (on no node, and never pulled)')].filter(Boolean).join(', ')}`,
  'zh-CN': f =>
    `所需的内容已不存在：${[where(f.missing && names(f.missing, '、'), '~'), where(f.images && names(f.images, '、'), '镜像 ~（任何节点上都没有，且从不拉取）')].filter(Boolean).join('、')}`,
};

/** What Kubernetes shows and what is done there. */
export const kubernetesNotes = {
  'release-crash-looping': {
    en: f => `its pod ${names(f.pod)} crashed in a loop (${names(f.restarts)} restarts)`,
    'zh-CN': f => `其 Pod ${names(f.pod)} 反复崩溃（重启 ${names(f.restarts)} 次）`,
  },
  'release-missed-deadline': {
    en: () => 'its rollout missed its deadline',
    'zh-CN': () => '其发布未在期限内完成',
  },
  /** {object, from, to, pods, how} */
  'deployment-goes-back': {
    en: f => `image ${f.from} → ${f.to}, ${f.pods} pod${s(f.pods)}, ${named(f.how, ways.en)}`,
    'zh-CN': f => `镜像 ${f.from} → ${f.to}，${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}`,
  },
  'template-goes-back': {
    en: f => `template of ${f.from} → ${f.to}: the image stays, ${f.pods} pod${s(f.pods)}, ${named(f.how, ways.en)}`,
    'zh-CN': f => `模板 ${f.from} → ${f.to}：镜像不变，${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}`,
  },
  /** {object, version} */
  'deployment-put-back': {
    en: f => `puts ${f.object} back to ${f.version}`,
    'zh-CN': f => `将 ${f.object} 恢复到 ${f.version}`,
  },
  /** {object, set, removed, pods} */
  'environment-changes': {
    en: f => `environment: ${changed(f, 'sets ', 'removes ', '; ')}; ${f.pods} pod${s(f.pods)} restart`,
    'zh-CN': f => `环境变量：${changed(f, '设置 ', '删除 ', '；')}；${f.pods} 个 Pod 会重启`,
  },
  /** {object, version, ready, pods} */
  'deployment-is-at': pods,
  'deployment-is-not-at': {
    en: f => `${f.object} is not at ${f.version}`,
    'zh-CN': f => `${f.object} 不在 ${f.version}`,
  },
  'deployment-gone': { en: f => `${f.object} is not there any more`, 'zh-CN': f => `${f.object} 已不存在` },
  /** {object, version, ready, pods, old, cause} */
  'pods-on': {
    en: f =>
      `${f.old === undefined ? pods.en(f) : `${f.ready} of ${f.pods} pods new, ${f.old} old`}${where(f.cause, ', ~')}`,
    'zh-CN': f =>
      `${f.old === undefined ? pods['zh-CN'](f) : `${f.pods} 个 Pod 中 ${f.ready} 个为新，${f.old} 个为旧`}${where(f.cause, '，~')}`,
  },
  /** {object, pods} */
  'waits-for-deletion': {
    en: f =>
      `${f.object} is set to OnDelete: its ${f.pods} pod${s(f.pods)} stay as they are until somebody deletes them`,
    'zh-CN': f => `${f.object} 的更新策略为 OnDelete：${f.pods} 个 Pod 在被删除之前保持不变`,
  },
  /** {object, version} */
  'template-taken': {
    en: f => `${f.object} has the template of ${f.version}; its pods follow in another step`,
    'zh-CN': f => `${f.object} 的模板已是 ${f.version}；其 Pod 由另一步骤更新`,
  },
  /** {object, partition, kept, pods} */
  'partition-keeps-pods': {
    en: f =>
      `${f.object} has partition ${f.partition}: ${f.kept} of its ${f.pods} pods may stay on the release they have; set spec.updateStrategy.rollingUpdate.partition to 0 to take them along`,
    'zh-CN': f =>
      `${f.object} 的 partition 为 ${f.partition}：${f.pods} 个 Pod 中有 ${f.kept} 个会保持现有版本；将 spec.updateStrategy.rollingUpdate.partition 设为 0 可一并更新`,
  },
  'rolled-out-above-partition': {
    en: f => `${f.object} is at ${f.version} above its partition; the pods below it keep the release they have`,
    'zh-CN': f => `${f.object} 中 partition 以上的 Pod 已是 ${f.version}，其余 Pod 保持原有版本`,
  },
  /** {object, names} */
  'hanging-pods-deleted': {
    en: f =>
      `deletes the pods of ${f.object} that hang on the release before (now ${names(f.names)}), lowest first, each after the one below is ready; their claims stay`,
    'zh-CN': f =>
      `从编号最小的开始，逐个删除 ${f.object} 中卡在旧版本上的 Pod（目前为 ${names(f.names, '、')}）；保留其存储卷`,
  },
  /** {object} */
  'way-back-deletes-pods': {
    en: f =>
      `should the new pods of ${f.object} not start, putting it back deletes the pods that it hangs at; their claims stay`,
    'zh-CN': f => `若 ${f.object} 的新 Pod 无法启动，恢复原状时会删除卡住的 Pod；保留其存储卷`,
  },
  'way-back-may-hang': {
    en: f =>
      `should the new pods of ${f.object} not start, putting it back waits for a person: the pod that it hangs at would have to be deleted, and Backout may not delete pods there`,
    'zh-CN': f =>
      `若 ${f.object} 的新 Pod 无法启动，恢复原状需要人工介入：必须删除卡住的 Pod，而 Backout 没有删除 Pod 的权限`,
  },
  'pods-hang': {
    en: f => `${names(f.names)} of ${f.object} ${verb(f.names, 'hangs', 'hang')} on the release before`,
    'zh-CN': f => `${f.object} 的 ${names(f.names, '、')} 卡在旧版本上`,
  },
  'pods-come-back': {
    en: f => `pods of ${f.object} that were deleted come back by themselves`,
    'zh-CN': f => `${f.object} 被删除的 Pod 会自动重建`,
  },
  /** {object, pods, at} */
  'pods-restart': {
    en: f => `restarts ${f.pods} pod${s(f.pods)} of ${f.object}, ${named(f.how, ways.en)}`,
    'zh-CN': f => `重启 ${f.object} 的 ${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}`,
  },
  /** {object, changes, pods} */
  'images-change': {
    en: f => `${names(f.changes, '; ')}; ${f.pods} pod${s(f.pods)} of ${f.object}`,
    'zh-CN': f => `${names(f.changes, '；')}；${f.object} 的 ${f.pods} 个 Pod`,
  },
  'only-images-change': {
    en: f => `all else of the template of ${f.object} (variables, commands, limits) stays as it is now`,
    'zh-CN': f => `${f.object} 模板的其余部分（环境变量、命令、资源限制等）保持现状`,
  },
  /** {object, names} */
  'image-by-tag': {
    en: f =>
      `${names(f.names)}: by tag alone, as no build of it was seen running; the registry decides which one ${f.object} gets`,
    'zh-CN': f =>
      `${names(f.names, '、')}：没有见过其运行的构建，只能按标签设置；${f.object} 得到哪个构建由镜像仓库决定`,
  },
  /** {object, version} */
  'resuming-rolls-out': {
    en: f => `what was changed while ${f.object} was paused rolls out then: ${f.version}`,
    'zh-CN': f => `${f.object} 暂停期间的改动会随之发布：${f.version}`,
  },
  /** {object} */
  'stays-paused': {
    en: f =>
      `${f.object} stays paused beyond the run, and whatever is deployed waits, until a step \`kubernetes.rollout-resume\` resumes it`,
    'zh-CN': f => `${f.object} 在运行结束后仍保持暂停，新的部署会等待，直到 \`kubernetes.rollout-resume\` 步骤将其恢复`,
  },
  'rollout-paused': {
    en: f => `${f.object} is paused: changes wait until somebody resumes it`,
    'zh-CN': f => `${f.object} 已暂停：恢复之前，改动不会生效`,
  },
  'rollout-resumed': { en: f => `${f.object} rolls out`, 'zh-CN': f => `${f.object} 正常发布` },
  'rollout-pauses': { en: f => `pauses the rollout of ${f.object}`, 'zh-CN': f => `暂停 ${f.object} 的发布` },
  'rollout-resumes': {
    en: f => `resumes the rollout of ${f.object}: what was changed meanwhile rolls out`,
    'zh-CN': f => `恢复 ${f.object} 的发布：暂停期间的改动随即生效`,
  },
  'rolled-out': pods,
  'rolled-out-without-pods': {
    en: f => `${f.object} is at ${f.version} with 0 replicas: no pod has shown that it runs`,
    'zh-CN': f => `${f.object} 已是 ${f.version}，但副本数为 0，没有 Pod 证明它能运行`,
  },
  'other-release-live': {
    en: f => `${f.object} runs ${f.version}, which is not the release of this run`,
    'zh-CN': f => `${f.object} 正在运行 ${f.version}，不是本次回滚的目标版本`,
  },
  'kubernetes-unreachable': {
    en: f => `Kubernetes does not answer; waiting to see ${f.object}`,
    'zh-CN': f => `Kubernetes 没有响应，等待查看 ${f.object}`,
  },
  /** {object, pods, how} */
  'pods-replaced': {
    en: f => `${f.pods} pod${s(f.pods)} of ${f.object}, ${named(f.how, ways.en)}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod，${named(f.how, ways['zh-CN'])}`,
  },
  'no-pods-wanted': {
    en: f => `${f.object} has 0 replicas: nothing will start, so nothing can be shown to work`,
    'zh-CN': f => `${f.object} 副本数为 0：不会启动任何 Pod，也就无法证明其可用`,
  },
  'target-known-bad': {
    en: f => `${f.release} is known to be ${named(f.grade, gradeWords.en)}`,
    'zh-CN': f => `${f.release} ${named(f.grade, gradeWords['zh-CN'])}`,
  },
  /** {object} */
  'write-not-tried': {
    en: f => `${f.object} was not changed on trial, since this account may only read: nobody has judged the change yet`,
    'zh-CN': f => `未对 ${f.object} 试写，因为此账号只有读取权限：该变更尚未经过校验`,
  },
  /** {object, manager, fields} */
  'fields-taken': {
    en: f => `the next server-side apply by ${f.manager} will conflict on ${names(f.fields)}`,
    'zh-CN': f => `${f.manager} 下次 server-side apply 会在这些字段上冲突：${names(f.fields, '、')}`,
  },
  /** {object, name, changedAt} */
  'configuration-stays': {
    en: f => `${f.name}${f.changedAt === undefined ? '' : ` (changed ${day(f.changedAt, 'en')})`}`,
    'zh-CN': f => `${f.name}${f.changedAt === undefined ? '' : `（${day(f.changedAt, 'zh-CN')} 有改动）`}`,
  },
  'image-not-pulled': {
    en: f => `whether the image of ${f.version} can still be pulled`,
    'zh-CN': f => `${f.version} 的镜像是否仍可拉取`,
  },
  'references-not-readable': {
    en: f => `${names(f.names)}: Backout may not read them`,
    'zh-CN': f => `${names(f.names, '、')}：Backout 无权读取`,
  },
  'parts-gone': partsGone,
} satisfies NoteTable;

function changed(f: Facts, set: string, removed: string, between: string): string {
  return [where(f.set, `${set}~`), where(f.removed, `${removed}~`)].filter(Boolean).join(between);
}
