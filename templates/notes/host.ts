import { type NoteTable, names, s, span } from './table.ts';

/** What pm2 and env files show and what is done there. */
export const hostNotes = {
  'env-file-sets': {
    en: f => `sets ${names(f.keys)} in ${f.file}`,
    'zh-CN': f => `在 ${f.file} 中设置 ${names(f.keys, '、')}`,
  },
  'env-file-restores': {
    en: f => `puts ${names(f.keys)} in ${f.file} back as ${f.backup} has them`,
    'zh-CN': f => `按备份 ${f.backup} 恢复 ${f.file} 中的 ${names(f.keys, '、')}`,
  },
  'env-file-readers': {
    en: f => `everything that reads ${f.file} at its start`,
    'zh-CN': f => `启动时读取 ${f.file} 的所有程序`,
  },
  'env-file-read-at-start': {
    en: f => `running processes keep their old values until they start again: ${f.file} is read at the start`,
    'zh-CN': f => `${f.file} 只在启动时读取：运行中的进程在重启之前仍使用旧值`,
  },
  'env-file-as-wanted': {
    en: f => `${f.file} has ${names(f.keys)} as wanted`,
    'zh-CN': f => `${f.file} 中的 ${names(f.keys, '、')} 已是目标值`,
  },
  'env-file-as-planned': {
    en: f => `${f.file} is as it was when this was planned`,
    'zh-CN': f => `${f.file} 与制定计划时一致`,
  },
  'env-file-moved': {
    en: f => `somebody changed ${names(f.keys)} in ${f.file} since this was planned`,
    'zh-CN': f => `制定计划之后，${f.file} 中的 ${names(f.keys, '、')} 已被他人更改`,
  },
  'pm2-cluster-reload': {
    en: f => `sets ${names(f.keys)} and reloads ${instances(f.instances)} of ${f.app} one by one, new before old`,
    'zh-CN': f => `设置 ${names(f.keys, '、')}，逐个重载 ${f.app} 的 ${f.instances} 个实例（先启新、后停旧）`,
  },
  'pm2-fork-restart': {
    en: f => `sets ${names(f.keys)} and restarts ${f.app}: in fork mode it is away while it starts`,
    'zh-CN': f => `设置 ${names(f.keys, '、')} 并重启 ${f.app}：fork 模式下启动期间服务会中断`,
  },
  'pm2-cluster-reload-only': {
    en: f => `reloads ${instances(f.instances)} of ${f.app} one by one, new before old`,
    'zh-CN': f => `逐个重载 ${f.app} 的 ${f.instances} 个实例（先启新、后停旧）`,
  },
  'pm2-fork-restart-only': {
    en: f => `restarts ${f.app}: in fork mode it is away while it starts`,
    'zh-CN': f => `重启 ${f.app}：fork 模式下启动期间服务会中断`,
  },
  'pm2-restores': {
    en: f => `puts ${names(f.keys)} of ${f.app} back as they were and restarts it`,
    'zh-CN': f => `将 ${f.app} 的 ${names(f.keys, '、')} 恢复原值并重启`,
  },
  'pm2-instances': {
    en: f => `${instances(f.instances)} of ${f.app}`,
    'zh-CN': f => `${f.app} 的 ${f.instances} 个实例`,
  },
  'pm2-not-saved': {
    en: f => `pm2 keeps this until the host starts anew: then ${f.app} has what \`pm2 save\` stored last`,
    'zh-CN': f => `主机重启后，${f.app} 会恢复为上次 \`pm2 save\` 保存的环境`,
  },
  'pm2-instances-differ': {
    en: f => `the instances of ${f.app} have different values now, so nobody can say which to put back`,
    'zh-CN': f => `${f.app} 各实例当前的值不一致，无法确定应恢复到哪一组`,
  },
  'pm2-env-set': {
    en: f => `${f.app} runs with the wanted ${names(f.keys)}`,
    'zh-CN': f => `${f.app} 已使用目标值运行：${names(f.keys, '、')}`,
  },
  'pm2-env-set-not-up': {
    en: f => `${f.app} has the wanted ${names(f.keys)} but is not up yet`,
    'zh-CN': f => `${f.app} 已设置 ${names(f.keys, '、')}，但尚未就绪`,
  },
  'pm2-env-otherwise': {
    en: f => `${f.app} runs with other values of ${names(f.keys)}`,
    'zh-CN': f => `${f.app} 的 ${names(f.keys, '、')} 为其他值`,
  },
  'pm2-reload-not-undone': {
    en: f => `the restart of ${f.app}: it cannot be undone`,
    'zh-CN': f => `${f.app} 的重启：无法撤销`,
  },
  'pm2-reloaded': { en: f => `${f.app} was restarted and is up`, 'zh-CN': f => `${f.app} 已重启并就绪` },
  'pm2-reloaded-not-up': {
    en: f => `${f.app} was restarted and is not up yet`,
    'zh-CN': f => `${f.app} 已重启，尚未就绪`,
  },
  'pm2-not-reloaded': { en: f => `${f.app} was not restarted yet`, 'zh-CN': f => `${f.app} 尚未重启` },
  'pm2-up': {
    en: f => `${instances(f.instances)} of ${f.app} up`,
    'zh-CN': f => `${f.app} 的 ${f.instances} 个实例已就绪`,
  },
  'pm2-coming-up': {
    en: f => `${f.up} of ${instances(f.instances)} of ${f.app} up`,
    'zh-CN': f => `${f.app}：${f.instances} 个实例中已有 ${f.up} 个就绪`,
  },
  'pm2-online': {
    en: f => `${instances(f.instances)} of ${f.app} online for ${span(f.ms, 'en')}`,
    'zh-CN': f => `${f.app} 的 ${f.instances} 个实例已在线 ${span(f.ms, 'zh-CN')}`,
  },
  'pm2-online-not-yet': {
    en: f => `${f.app} is not stable yet`,
    'zh-CN': f => `${f.app} 尚未稳定`,
  },
  'pm2-online-too-few': {
    en: f => `${instances(f.instances)} of ${f.app}, expected at least ${f.wanted}`,
    'zh-CN': f => `${f.app} 只有 ${f.instances} 个实例，至少应有 ${f.wanted} 个`,
  },
  'pm2-online-down': {
    en: f => `${f.app} is down or crash-looping: ${names(f.instances)}`,
    'zh-CN': f => `${f.app} 已停止或反复崩溃：${names(f.instances, '、')}`,
  },
  'pm2-online-unseen': { en: f => `${f.app} cannot be seen`, 'zh-CN': f => `无法查看 ${f.app}` },
  'pm2-app-errored': {
    en: f => `pm2 gave up on ${instances(f.instances)} of ${f.app}`,
    'zh-CN': f => `pm2 已放弃 ${f.app} 的 ${f.instances} 个实例`,
  },
} satisfies NoteTable;

function instances(count: string | number | readonly string[] | undefined): string {
  return `${names(count)} instance${s(count)}`;
}
