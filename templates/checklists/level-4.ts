import { item, type LevelChecklist } from './items.ts';

/** After a data rollback (inventory 167-171). */
export const level4: LevelChecklist = {
  name: 'level-4',
  level: 4,
  items: [
    item('restored', 'The data is restored', '数据已恢复'),
    item('consistency', 'The consistency check passes', '数据一致性检查通过'),
    item('cache', 'Cached data is cleared', '缓存数据已清除'),
    item('history', 'Historical data is complete', '历史数据完整'),
    item('backup', 'The backup is usable', '备份可用'),
  ],
};
