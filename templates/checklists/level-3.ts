import { item, type LevelChecklist } from './items.ts';

/** After a code rollback (inventory 161-166). */
export const level3: LevelChecklist = {
  name: 'level-3',
  level: 3,
  items: [
    item('commit', 'The code is at the stable commit', '代码已回到稳定提交'),
    item('image', 'The right image version runs', '镜像版本正确'),
    item('deployment', 'The deployment is in order', '部署状态正常'),
    item('pods', 'All instances are running', '所有实例运行正常'),
    item('network', 'The service reaches what it needs over the network', '服务网络连接正常'),
    item('endpoints', 'API endpoints answer', 'API 端点响应正常'),
  ],
};
