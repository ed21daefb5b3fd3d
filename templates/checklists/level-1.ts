import { item, type LevelChecklist } from './items.ts';

/** After a feature switch (inventory 148-154). */
export const level1: LevelChecklist = {
  name: 'level-1',
  level: 1,
  items: [
    item('switched-off', 'The feature is switched off', '功能开关已关闭'),
    item('old-path', 'The application runs on the old path', '应用已按原有方式运行'),
    item('response-time', 'Response time is normal', '响应时间正常'),
    item('error-rate', 'Error rate is normal', '错误率正常'),
    item('memory', 'Memory use is stable', '内存占用稳定'),
    item('database', 'The database connection works', '数据库连接正常'),
    item('metrics', 'Metrics are being reported', '监控指标正常上报'),
  ],
};
