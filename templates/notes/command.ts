import { type NoteTable, span } from './table.ts';

/** What a command step or check says. */
export const commandNotes = {
  'command-runs': { en: f => `runs ${f.command}`, 'zh-CN': f => `运行 ${f.command}` },
  'command-undoes': { en: f => `runs ${f.command} to put it back`, 'zh-CN': f => `运行 ${f.command} 以恢复原状` },
  'command-no-undo': {
    en: f => `what ${f.command} does: the catalogue names no command that undoes it`,
    'zh-CN': f => `${f.command} 的效果：目录中没有撤销它的命令`,
  },
  'command-unseen': {
    en: f => `the effect of ${f.command}: only its exit code tells`,
    'zh-CN': f => `${f.command} 的效果：只能看退出码`,
  },
  'command-may-stop': {
    en: f => `if the worker dies while ${f.command} runs, the run waits for a person: nobody can see how far it came`,
    'zh-CN': f => `如果执行进程在 ${f.command} 运行时中断，本次回滚会等待人工处理：无法得知执行到哪一步`,
  },
  'command-effect-there': { en: f => `${f.command} says it is there`, 'zh-CN': f => `${f.command} 表示已生效` },
  'command-effect-missing': { en: f => `${f.command} says it is not there`, 'zh-CN': f => `${f.command} 表示未生效` },
  'command-observe-unclear': {
    en: f => `${f.command} cannot tell (exit code ${f.exitCode})`,
    'zh-CN': f => `${f.command} 无法判断（退出码 ${f.exitCode}）`,
  },
  'command-exited': { en: f => `${f.command} ended with exit code 0`, 'zh-CN': f => `${f.command} 已结束，退出码 0` },
  'command-check-passed': { en: f => `${f.command} passed`, 'zh-CN': f => `${f.command} 通过` },
  'command-check-no-answer': {
    en: f => `${f.command} gave no answer within ${span(f.ms, 'en')}`,
    'zh-CN': f => `${f.command} 在 ${span(f.ms, 'zh-CN')}内没有答复`,
  },
  'command-check-exit': {
    en: f => `${f.command} ended with ${f.exitCode}`,
    'zh-CN': f => `${f.command} 以 ${f.exitCode} 结束`,
  },
  'command-check-no-json': {
    en: f => `${f.command} printed no JSON`,
    'zh-CN': f => `${f.command} 没有输出 JSON`,
  },
  'command-check-fields': {
    en: f => `${f.command} answered otherwise than expected${fields(f.fields)}`,
    'zh-CN': f => `${f.command} 的答复与预期不符${fields(f.fields)}`,
  },
} satisfies NoteTable;

function fields(found: string | number | readonly string[] | undefined): string {
  return Array.isArray(found) ? `: ${found.join('; ')}` : '';
}
