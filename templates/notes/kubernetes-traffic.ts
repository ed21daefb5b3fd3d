import type { Locale } from '../../src/domain/catalogue.ts';
import { type Facts, type NoteTable, names, s, where } from './table.ts';

/** Shares as they stand on an object; none is an Ingress without the annotation. */
function shares(to: Facts[string] | undefined, locale: Locale): string {
  if (to !== undefined && names(to) !== '') return names(to, locale === 'en' ? '; ' : '；');
  return locale === 'en' ? 'no canary-weight' : '无 canary-weight';
}

/** What is done to Rollouts, Canaries and what else splits traffic between releases. */
export const kubernetesTrafficNotes = {
  /** {object, from, to} */
  'rollout-aborts': {
    en: f => `${f.object}: aborts the update to ${f.from}, all traffic to ${f.to}`,
    'zh-CN': f => `${f.object}：中止更新 ${f.from}，全部流量切回 ${f.to}`,
  },
  'rollout-retries': {
    en: f => `${f.object}: goes on with the aborted update to ${f.version}`,
    'zh-CN': f => `${f.object}：继续已中止的更新 ${f.version}`,
  },
  'rollout-promotes': {
    en: f => `${f.object}: promotes ${f.version} in full, past all steps and analyses`,
    'zh-CN': f => `${f.object}：跳过所有步骤与分析，完全发布 ${f.version}`,
  },
  /** {object, from, to} */
  'rollout-goes-back': {
    en: f => `${f.object}: template ${f.from} → ${f.to}`,
    'zh-CN': f => `${f.object}：模板 ${f.from} → ${f.to}`,
  },
  'rollout-put-back': {
    en: f => `${f.object}: starts the update to ${f.version} again`,
    'zh-CN': f => `${f.object}：重新开始更新 ${f.version}`,
  },
  /** {object, phase, version, ready, pods} */
  'rollout-stands': {
    en: f =>
      `${f.object} is ${f.phase || 'new'}, ${f.ready} of ${f.pods} pods of the stable release${where(f.version, ' ~')}`,
    'zh-CN': f =>
      `${f.object} 状态 ${f.phase || '新建'}，稳定版本${where(f.version, ' ~')} 的 Pod ${f.ready}/${f.pods}`,
  },
  /** {object, phase, version, ready, pods, step} */
  'rollout-moves': {
    en: f => `${f.object} is ${f.phase || 'new'} at step ${f.step}, ${f.ready} of ${f.pods} pods of the stable release`,
    'zh-CN': f => `${f.object} 状态 ${f.phase || '新建'}，步骤 ${f.step}，稳定版本 Pod ${f.ready}/${f.pods}`,
  },
  /** {object, version, ready, pods} */
  'traffic-to-stable': {
    en: f => `all traffic of ${f.object} goes to ${f.version}, ${f.ready} of ${f.pods} pods available now`,
    'zh-CN': f => `${f.object} 的全部流量切到 ${f.version}，当前可用 Pod ${f.ready}/${f.pods}`,
  },
  'template-stays': {
    en: f => `the template of ${f.object}: it still names ${f.version}, and a retry brings that back`,
    'zh-CN': f => `${f.object} 的模板：仍为 ${f.version}，重试会再次发布它`,
  },
  'retry-brings-back': {
    en: f => `${f.version}, which was aborted, gets traffic again`,
    'zh-CN': f => `已中止的 ${f.version} 将再次接收流量`,
  },
  /** {object, version, steps} */
  'steps-again': {
    en: f =>
      `${f.object} goes to ${f.version} through ${f.steps} canary step${s(f.steps)}, and may wait there for a person`,
    'zh-CN': f => `${f.object} 经 ${f.steps} 个灰度步骤切到 ${f.version}，可能停在中途等待人工`,
  },
  /** {object, weight, to} */
  'canary-fails': {
    en: f => `${f.object}: its analysis fails, its share goes from ${f.weight} % to 0, all traffic to ${f.to}`,
    'zh-CN': f => `${f.object}：分析判为失败，份额由 ${f.weight} % 降为 0，全部流量切到 ${f.to}`,
  },
  /** {object, phase, weight} */
  'canary-stands': {
    en: f => `${f.object} is ${f.phase || 'new'}, ${f.weight} % of the traffic`,
    'zh-CN': f => `${f.object} 状态 ${f.phase || '新建'}，占流量 ${f.weight} %`,
  },
  /** {object, to, ready} */
  'traffic-to-primary': {
    en: f => `all traffic of ${f.object} goes to ${f.to}, ${f.ready} pod${s(f.ready)} available now`,
    'zh-CN': f => `${f.object} 的全部流量切到 ${f.to}，当前可用 Pod ${f.ready} 个`,
  },
  /** {object, target} */
  'target-stays': {
    en: f => `${f.target}: it keeps the new release, which ${f.object} analyses again once it changes`,
    'zh-CN': f => `${f.target}：仍为新版本，其变更后 ${f.object} 会重新分析`,
  },
  /** {object, interval} */
  'flagger-next-look': {
    en: f =>
      `Flagger acts on ${f.object} at its next look (every ${f.interval}); while pods of the new release are not ready, only at its deadline`,
    'zh-CN': f => `Flagger 在下次检查（每 ${f.interval}）时处理 ${f.object}；新版本 Pod 未就绪时要等到其期限`,
  },
  /** {object, to} */
  'traffic-shifts': {
    en: f => `${f.object}: ${shares(f.to, 'en')}`,
    'zh-CN': f => `${f.object}：${shares(f.to, 'zh-CN')}`,
  },
  'traffic-shifts-back': {
    en: f => `${f.object} as before: ${shares(f.to, 'en')}`,
    'zh-CN': f => `${f.object} 恢复原状：${shares(f.to, 'zh-CN')}`,
  },
  'traffic-at': {
    en: f => `${f.object} says ${shares(f.to, 'en')}`,
    'zh-CN': f => `${f.object} 已是 ${shares(f.to, 'zh-CN')}`,
  },
  'traffic-not-at': {
    en: f => `${f.object} does not say ${shares(f.to, 'en')}`,
    'zh-CN': f => `${f.object} 还不是 ${shares(f.to, 'zh-CN')}`,
  },
  /** {object, services, ready} */
  'traffic-gained': {
    en: f => `more traffic of ${f.object} to ${names(f.services)}, ${f.ready} endpoint${s(f.ready)} ready`,
    'zh-CN': f => `${f.object} 的更多流量到 ${names(f.services, '、')}，就绪端点 ${f.ready} 个`,
  },
  'shift-not-seen': {
    en: f => `whether the traffic really follows ${f.object}: only a check of the service shows it`,
    'zh-CN': f => `流量是否确实按 ${f.object} 走：要由服务自身的检查来确认`,
  },
  /** {object, by} */
  'canary-by-request': {
    en: f => `requests marked by ${names(f.by)} go to ${f.object} whatever its weight is`,
    'zh-CN': f => `带 ${names(f.by, '、')} 标记的请求不受权重影响，仍到 ${f.object}`,
  },
  /** {object, owner} */
  'traffic-by-owner': {
    en: f => `${names(f.object)} is led by ${f.owner}: that is acted on instead`,
    'zh-CN': f => `${names(f.object, '、')} 由 ${f.owner} 管理，因此改为操作后者`,
  },
  /** {object, canary} */
  'judged-by-canary': {
    en: f => `${f.canary} analyses ${f.object} anew before any traffic follows`,
    'zh-CN': f => `${f.canary} 会先重新分析 ${f.object}，之后才切流量`,
  },
} satisfies NoteTable;
