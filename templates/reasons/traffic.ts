import { type NoteTable, names } from '../notes/table.ts';

/** Why traffic is not led elsewhere. */
export const trafficCauses = {
  /** {names} */
  ambiguous: {
    en: f => `${names(f.names, ' and ')} split traffic: the catalogue has to say which kind is meant`,
    'zh-CN': f => `${names(f.names, ' 与 ')} 都分配流量：服务目录须写明是哪一种`,
  },
  /** {annotation} */
  'no-canary': {
    en: f => `it is no canary of ingress-nginx: ${f.annotation} is not "true"`,
    'zh-CN': f => `它不是 ingress-nginx 的灰度 Ingress：${f.annotation} 不是 "true"`,
  },
  'no-other-ingress': {
    en: () => 'no other Ingress serves its hosts, so nobody could take over',
    'zh-CN': () => '没有其他 Ingress 提供其域名，无人可接管流量',
  },
  aborted: { en: () => 'its update was aborted; retry it first', 'zh-CN': () => '其更新已被中止；请先重试' },
  'no-stable': {
    en: () => 'no release of it has ever been rolled out fully, so none can take over',
    'zh-CN': () => '它从未完整发布过任何版本，没有版本可接管',
  },
  /** {pods, version} */
  'stable-not-ready': {
    en: f => `0 of ${f.pods} pods of the stable release ${f.version} are available, so nobody could take over`,
    'zh-CN': f => `稳定版本 ${f.version} 的 ${f.pods} 个 Pod 均不可用，无人可接管流量`,
  },
  'fully-promoted': {
    en: () => 'its present release is fully promoted, so it is the stable one: name a revision to go back to',
    'zh-CN': () => '其当前版本已完全发布，即为稳定版本：请指明要回到的修订',
  },
  /** {service, ready, wanted} */
  'endpoints-not-ready': {
    en: f =>
      `${f.ready} endpoints of service ${f.service} are ready, and ${f.wanted} must be before traffic is led there`,
    'zh-CN': f => `service ${f.service} 有 ${f.ready} 个就绪端点，至少 ${f.wanted} 个就绪才能切入流量`,
  },
  /** {labels, ready, pods, wanted} */
  'pods-not-ready': {
    en: f => `${f.ready} of ${f.pods} pods with ${f.labels} are ready, and ${f.wanted} must be first`,
    'zh-CN': f => `带 ${f.labels} 的 ${f.pods} 个 Pod 中 ${f.ready} 个就绪，须先有 ${f.wanted} 个`,
  },
  'no-selector': {
    en: () => 'it selects no pods by labels: its endpoints are kept by somebody else',
    'zh-CN': () => '它不按标签选择 Pod：其端点由他人维护',
  },
  'no-backend': {
    en: () => 'the catalogue has to name the Service of the new release as backend',
    'zh-CN': () => '服务目录须以 backend 写明新版本的 Service',
  },
  /** {backend} */
  'no-such-backend': {
    en: f => `none of its rules leads to service ${f.backend}`,
    'zh-CN': f => `其规则均不指向 service ${f.backend}`,
  },
  /** {backend} */
  'no-other-backend': {
    en: f => `a rule of it leads to service ${f.backend} alone, so nobody could take over`,
    'zh-CN': f => `有一条规则只指向 service ${f.backend}，无人可接管流量`,
  },
  /** {kind} */
  weight: {
    en: f => `a ${f.kind} sets the shares by steps of its own: only 0 can be asked for, which ends its update`,
    'zh-CN': f => `${f.kind} 按自己的步骤分配份额：只能设为 0，即结束其更新`,
  },
  /** {phase, target} */
  promoted: {
    en: f => `its new release takes all the traffic (${f.phase}): take ${f.target} back, Flagger then analyses that`,
    'zh-CN': f => `新版本已接收全部流量（${f.phase}）：请回退 ${f.target}，Flagger 随后会分析它`,
  },
  /** {workload} */
  'primary-not-ready': {
    en: f => `no pod of ${f.workload} is available, so nobody could take over`,
    'zh-CN': f => `${f.workload} 没有可用的 Pod，无人可接管流量`,
  },
  suspended: {
    en: () => 'it is suspended, so Flagger would do nothing; resume it first',
    'zh-CN': () => '它已暂停，Flagger 不会做任何事；请先恢复',
  },
} satisfies NoteTable;
