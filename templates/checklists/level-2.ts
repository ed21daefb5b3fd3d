import { item, type LevelChecklist } from './items.ts';

/** After a configuration rollback (inventory 155-160). */
export const level2: LevelChecklist = {
  name: 'level-2',
  level: 2,
  items: [
    item('config-files', 'Configuration files are back at the stable version', '配置文件已恢复到稳定版本'),
    item('environment', 'Environment variables are set as they should be', '环境变量设置正确'),
    item('database-pool', 'The database pool configuration is restored', '数据库连接池配置已恢复'),
    item('redis', 'The Redis connection configuration is restored', 'Redis 连接配置已恢复'),
    item('logs', 'Log output is normal', '日志输出正常'),
    item('health', 'The health check passes', '健康检查通过'),
  ],
};
