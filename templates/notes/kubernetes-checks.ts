import { type Facts, type NoteTable, names, s, span, verb, where } from './table.ts';

const all = (pods: Facts[string] | undefined) => (pods === 1 ? 'the 1 pod' : `all ${pods} pods`);

/** What the checks of a cluster say. */
export const kubernetesChecksNotes = {
  'no-pod-ready': {
    en: f => `not every pod of ${f.object} is ready, so they could not be asked`,
    'zh-CN': f => `${f.object} 的 Pod 未全部就绪，无法检查`,
  },
  'no-pods-to-check': {
    en: f => `${f.object} is to have no pods, so nothing shows that it runs`,
    'zh-CN': f => `${f.object} 的期望 Pod 数为 0，没有 Pod 证明它能运行`,
  },
  'container-missing': {
    en: f => `${f.object} has no container ${f.container}`,
    'zh-CN': f => `${f.object} 没有容器 ${f.container}`,
  },
  'pods-ready': {
    en: f => `${all(f.pods)} of ${f.object} ready, none restarted`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 全部就绪，没有重启`,
  },
  /** {object, ready, pods, names} */
  'pods-not-ready': {
    en: f => `${f.ready} of ${f.pods} pod${s(f.pods)} of ${f.object} ready${where(f.names, '; not ready: ~')}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 中 ${f.ready} 个就绪${where(f.names, '；未就绪：~')}`,
  },
  'pod-in-trouble': {
    en: f =>
      `pod ${f.pod} of ${f.object}${where(f.container, ', container ~')}: ${f.cause}${where(f.exitCode, ', last exit code ~')}`,
    'zh-CN': f =>
      `${f.object} 的 Pod ${f.pod}${where(f.container, '，容器 ~')}：${f.cause}${where(f.exitCode, '，最近一次退出码 ~')}`,
  },
  'pods-restarted': {
    en: f => `pods of ${f.object} were restarted since the run began: ${names(f.names)}`,
    'zh-CN': f => `自本次回滚开始执行后，${f.object} 的 Pod 发生重启：${names(f.names)}`,
  },
  /** {object, names, span} */
  'pods-not-steady': {
    en: f => `pods of ${f.object} have not yet run ${span(f.span, 'en')} without a restart: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的 Pod 连续运行尚未满 ${span(f.span, 'zh-CN')}：${names(f.names)}`,
  },
  'image-nothing-to-compare': {
    en: f => `neither the check nor the release of the run says which image ${f.object} should run`,
    'zh-CN': f => `检查和目标版本都没有说明 ${f.object} 应运行哪个镜像`,
  },
  'pods-run-image': {
    en: f => `${all(f.pods)} of ${f.object} ${verb(f.pods, 'runs', 'run')} ${names(f.images)}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 均运行 ${names(f.images)}`,
  },
  'pods-run-other-image': {
    en: f => `pods of ${f.object} run something else than ${names(f.images)}: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的 Pod 运行的不是 ${names(f.images)}：${names(f.names)}`,
  },
  'pods-run-several-digests': {
    en: f => `pods of ${f.object} run ${names(f.images)} with different digests: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的 Pod 运行的 ${names(f.images)} 摘要不同：${names(f.names)}`,
  },
  'endpoints-ready': {
    en: f => `${f.object} has ${f.ready} ready endpoint${s(f.ready)}`,
    'zh-CN': f => `${f.object} 有 ${f.ready} 个就绪端点`,
  },
  'endpoints-missing': {
    en: f => `${f.object} has ${f.ready} ready endpoint${s(f.ready)}, expected at least ${f.wanted}`,
    'zh-CN': f => `${f.object} 有 ${f.ready} 个就绪端点，至少应有 ${f.wanted} 个`,
  },
  'endpoints-of-others': {
    en: f => `${f.object} leads to pods without ${names(f.labels)}: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 指向没有标签 ${names(f.labels)} 的 Pod：${names(f.names)}`,
  },
  'service-port-needed': {
    en: f => `the check must name a port of ${f.object}${where(f.names, ': it has ~')}`,
    'zh-CN': f => `检查须指定 ${f.object} 的端口${where(f.names, '：现有 ~')}`,
  },
  'env-as-wanted': {
    en: f => `${f.object} sets its variables as wanted: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的环境变量符合要求：${names(f.names)}`,
  },
  'env-of-pods-as-wanted': {
    en: f =>
      `${f.pods} pod${s(f.pods)} of ${f.object} ${verb(f.pods, 'runs', 'run')} with the variables as wanted: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 中的环境变量符合要求：${names(f.names)}`,
  },
  'env-missing': {
    en: f => `not set in ${f.where}: ${names(f.names)}`,
    'zh-CN': f => `${f.where} 中未设置：${names(f.names)}`,
  },
  'env-not-absent': {
    en: f => `still set in ${f.where}: ${names(f.names)}`,
    'zh-CN': f => `${f.where} 中仍然存在：${names(f.names)}`,
  },
  'env-differs': {
    en: f => `set to another value in ${f.where}: ${names(f.names)}`,
    'zh-CN': f => `${f.where} 中的值不同：${names(f.names)}`,
  },
  'env-not-comparable': {
    en: f => `made by Kubernetes when a pod starts, so the template of ${f.object} does not tell: ${names(f.names)}`,
    'zh-CN': f => `由 Kubernetes 在 Pod 启动时生成，无法从 ${f.object} 的模板得知：${names(f.names)}`,
  },
  'env-reference-gone': {
    en: f => `what the variables of ${f.object} are compared with is gone: ${names(f.names)}`,
    'zh-CN': f => `用于比较 ${f.object} 环境变量的对象不存在：${names(f.names)}`,
  },
  'env-not-readable': {
    en: f => `the variables of container ${f.container} of pod ${f.pod} could not be read`,
    'zh-CN': f => `无法读取 Pod ${f.pod} 容器 ${f.container} 的环境变量`,
  },
  'exec-good': {
    en: f => `\`${f.command}\` is as it should be in ${f.pods} pod${s(f.pods)} of ${f.object}`,
    'zh-CN': f => `\`${f.command}\` 在 ${f.object} 的 ${f.pods} 个 Pod 中结果正常`,
  },
  'exec-exit': {
    en: f => `\`${f.command}\` in pod ${f.pod} ended with exit code ${f.exitCode}, expected ${f.wanted}`,
    'zh-CN': f => `\`${f.command}\` 在 Pod ${f.pod} 中的退出码为 ${f.exitCode}，应为 ${f.wanted}`,
  },
  'exec-not-started': {
    en: f => `\`${f.command}\` could not be started in pod ${f.pod}`,
    'zh-CN': f => `\`${f.command}\` 无法在 Pod ${f.pod} 中启动`,
  },
  'exec-no-answer': {
    en: f => `\`${f.command}\` in pod ${f.pod} gave no answer`,
    'zh-CN': f => `\`${f.command}\` 在 Pod ${f.pod} 中没有结果`,
  },
  'exec-no-json': {
    en: f => `\`${f.command}\` in pod ${f.pod} printed no JSON`,
    'zh-CN': f => `\`${f.command}\` 在 Pod ${f.pod} 中的输出不是 JSON`,
  },
  'exec-lacks': {
    en: f => `\`${f.command}\` in pod ${f.pod} did not print "${f.wanted}"`,
    'zh-CN': f => `\`${f.command}\` 在 Pod ${f.pod} 中的输出不含“${f.wanted}”`,
  },
  'exec-fields': {
    en: f => `\`${f.command}\` in pod ${f.pod}: ${names(f.fields, '; ')}`,
    'zh-CN': f => `\`${f.command}\` 在 Pod ${f.pod} 中：${names(f.fields, '；')}`,
  },
  'logs-clean': {
    en: f => `${f.count} error line${s(f.count)} among the last ${f.lines} of ${f.pods} pod${s(f.pods)} of ${f.object}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 最近 ${f.lines} 行日志中有 ${f.count} 行错误`,
  },
  'logs-hold-errors': {
    en: f =>
      `${f.count} error line${s(f.count)} in the logs of ${f.object}, expected at most ${f.atMost} (${names(f.names)})`,
    'zh-CN': f => `${f.object} 的日志中有 ${f.count} 行错误，最多允许 ${f.atMost} 行（${names(f.names)}）`,
  },
  'logs-silent': {
    en: f => `pod ${f.pod} of ${f.object} has logged nothing, which proves nothing`,
    'zh-CN': f => `${f.object} 的 Pod ${f.pod} 没有任何日志，无法证明正常`,
  },
  'logs-pattern-slow': {
    en: f => `the expression takes too long to match the logs of ${f.object}; write it simpler`,
    'zh-CN': f => `用该表达式匹配 ${f.object} 的日志耗时过长，请简化`,
  },
  'series-there': {
    en: f => `${f.pods} pod${s(f.pods)} of ${f.object} ${verb(f.pods, 'serves', 'serve')} ${f.series}`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 提供 ${f.series}`,
  },
  'series-missing': {
    en: f => `pod ${f.pod} serves no ${f.series} at port ${f.port}, ${f.path}`,
    'zh-CN': f => `Pod ${f.pod} 的端口 ${f.port} ${f.path} 没有 ${f.series}`,
  },
  'series-out-of-bounds': {
    en: f => `${f.series} of pod ${f.pod} is ${f.value}, expected ${f.wanted}`,
    'zh-CN': f => `Pod ${f.pod} 的 ${f.series} 为 ${f.value}，应 ${f.wanted}`,
  },
  'metrics-not-served': {
    en: f => `pod ${f.pod} serves no metrics at port ${f.port}, ${f.path}`,
    'zh-CN': f => `Pod ${f.pod} 的端口 ${f.port} ${f.path} 不提供指标`,
  },
  'usage-within-limits': {
    en: f => `what ${f.pods} pod${s(f.pods)} of ${f.object} ${verb(f.pods, 'uses', 'use')} is within its limits`,
    'zh-CN': f => `${f.object} 的 ${f.pods} 个 Pod 资源用量在限度内`,
  },
  'usage-over-limit': {
    en: f => `${f.object} uses too much: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 资源用量超限：${names(f.names)}`,
  },
  'usage-not-measured': {
    en: f => `what ${f.object} uses is not measured: ${names(f.names)}`,
    'zh-CN': f => `没有 ${f.object} 的资源用量数据：${names(f.names)}`,
  },
  'usage-without-limit': {
    en: f => `containers of ${f.object} have no limit to compare with: ${names(f.names)}`,
    'zh-CN': f => `${f.object} 的容器没有可比较的资源限制：${names(f.names)}`,
  },
  'metrics-api-missing': {
    en: f => `the cluster has no metrics API (metrics.k8s.io), so what ${f.object} uses is not known`,
    'zh-CN': f => `集群没有指标 API（metrics.k8s.io），无法得知 ${f.object} 的资源用量`,
  },
  'metrics-api-silent': {
    en: f => `the metrics API does not answer, so what ${f.object} uses is not known`,
    'zh-CN': f => `指标 API 没有答复，无法得知 ${f.object} 的资源用量`,
  },
  'no-warning-events': {
    en: f => `no Warning events of ${f.object} since the run began`,
    'zh-CN': f => `自本次回滚开始执行后，${f.object} 没有 Warning 事件`,
  },
  'warning-events': {
    en: f => `${f.count} Warning event${s(f.count)} of ${f.object} since the run began: ${names(f.names)}`,
    'zh-CN': f => `自本次回滚开始执行后，${f.object} 有 ${f.count} 个 Warning 事件：${names(f.names)}`,
  },
  'events-forgotten': {
    en: f => `the run began too long ago: the cluster keeps no events of ${f.object} for that long`,
    'zh-CN': f => `本次回滚开始已久，集群不再保留 ${f.object} 当时的事件`,
  },
} satisfies NoteTable;
