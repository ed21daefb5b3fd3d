import { type NoteTable, names } from './table.ts';

/** What the engine says of a run's work. */
export const engineNotes = {
  /** {object} */
  'not-observed': {
    en: f => `the state of ${names(f.object)} could not be seen`,
    'zh-CN': f => `无法查看 ${names(f.object)} 的状态`,
  },
  /** {done, all} */
  'operations-done': { en: f => `${f.done} of ${f.all} done`, 'zh-CN': f => `已完成 ${f.done}/${f.all}` },
  /** {by} */
  'by-operator': { en: f => `marked done by ${names(f.by)}`, 'zh-CN': f => `由 ${names(f.by)} 标为已完成` },
} satisfies NoteTable;
