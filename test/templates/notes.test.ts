import { describe, expect, it } from 'vitest';
import { type Note, note } from '../../src/domain/note.ts';
import { sayNote } from '../../templates/say.ts';

const object = 'deployment shop/checkout';

/** Sentences of the card and the verdict, in the cases that are usual. */
const rows: readonly [Note, string, string][] = [
  [
    note('template-goes-back', { object, from: '1.4.2', to: '1.4.2 (ab12cd)', pods: 8, how: 'rolling' }),
    'template of 1.4.2 → 1.4.2 (ab12cd): the image stays, 8 pods, rolling',
    '模板 1.4.2 → 1.4.2 (ab12cd)：镜像不变，8 个 Pod，滚动更新',
  ],
  [
    note('behind-services', { object, names: ['checkout'] }),
    `Service checkout leads to the pods of ${object}`,
    `Service checkout 指向 ${object} 的 Pod`,
  ],
  [
    note('behind-services', { object, names: ['checkout', 'legacy'] }),
    `Services checkout, legacy lead to the pods of ${object}`,
    `Service checkout、legacy 指向 ${object} 的 Pod`,
  ],
  [
    note('outside-stays', { object, names: [] }),
    'volumes and custom resource definitions, which are no part of a release',
    '存储卷和自定义资源定义，它们不属于版本',
  ],
  [
    note('outside-stays', { object, names: ['checkout'] }),
    'Service checkout, volumes and custom resource definitions, which are no part of a release',
    'Service checkout、存储卷和自定义资源定义，它们不属于版本',
  ],
  [
    note('owner-stays-suspended', { objects: ['application argocd/shop'] }),
    'application argocd/shop stays suspended after the run, so that the failing release does not come back from Git; `release-hold` asks to resume it',
    'application argocd/shop 在回滚结束后保持暂停，以免 Git 中的故障版本重新上线；用 `release-hold` 申请恢复同步',
  ],
  [
    note('configuration-shared', { object: 'configmap shop/x', names: ['deployment api'] }),
    'deployment api reads configmap shop/x too, and is not restarted',
    'deployment api 也读取 configmap shop/x，不会被重启',
  ],
  [
    note('read-at-start', { object: 'configmap shop/x', names: ['deployment a', 'deployment b'] }),
    'deployment a, deployment b: read configmap shop/x when a pod starts',
    'deployment a、deployment b：在 Pod 启动时读取 configmap shop/x',
  ],
  [
    note('applied-by-others', { object: 'configmap shop/x', names: ['team-a'] }),
    'team-a applies configmap shop/x as well: the next change there of a field that both name will conflict',
    'team-a 也管理 configmap shop/x：对方下次修改双方都声明的字段时会冲突',
  ],
  [
    note('pods-run-image', { object, pods: 1, images: ['app:1'] }),
    `the 1 pod of ${object} runs app:1`,
    `${object} 的 1 个 Pod 均运行 app:1`,
  ],
  [
    note('series-there', { object, pods: 2, series: 'up' }),
    `2 pods of ${object} serve up`,
    `${object} 的 2 个 Pod 提供 up`,
  ],
  [
    note('no-warning-events', { object }),
    `no Warning events of ${object} since the run began`,
    `自本次回滚开始执行后，${object} 没有 Warning 事件`,
  ],
  [
    note('object-applies', { object, file: 'a.yaml', fields: Array.from({ length: 10 }, (_, at) => `/data/k${at}`) }),
    `${object}: data.k0, data.k1, data.k2, data.k3, data.k4, data.k5, data.k6, data.k7, … +2 as a.yaml has them`,
    `${object}：按 a.yaml 修改 data.k0, data.k1, data.k2, data.k3, data.k4, data.k5, data.k6, data.k7, … +2`,
  ],
  [
    note('traffic-shifts-back', { object: 'ingress shop/x', to: [] }),
    'ingress shop/x as before: no canary-weight',
    'ingress shop/x 恢复原状：无 canary-weight',
  ],
  [
    note('parts-gone', { object, missing: ['Secret db [password]'], images: ['app:1'] }),
    'what it needs is gone: Secret db [password], image app:1 (on no node, and never pulled)',
    '所需的内容已不存在：Secret db [password]、镜像 app:1（任何节点上都没有，且从不拉取）',
  ],
];

describe('A note says', () => {
  for (const [said, en, zh] of rows)
    it(en, () => expect([sayNote(said, 'en'), sayNote(said, 'zh-CN')]).toEqual([en, zh]));
});
