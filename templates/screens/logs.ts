import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Post } from '../../src/domain/post.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw } from '../draft.ts';
import { place } from '../facts.ts';
import { marks } from '../marks.ts';
import { sayReason, sentence } from '../say.ts';
import type { RunView } from '../view.ts';

const words = {
  en: {
    title: 'Description and logs',
    whole: 'How the objects of the plan stand, and the last lines that their containers logged, are in the file.',
    none: 'They could not be had',
    gone: 'They are not kept any more: ask anew.',
  },
  'zh-CN': {
    title: '对象状态与日志',
    whole: '计划所涉对象的状态及其容器的最近日志见文件。',
    none: '无法取得',
    gone: '内容已不再保留：请重新获取。',
  },
} as const satisfies Record<Locale, object>;

/** How the plan's objects stand and what they logged, as a file; or why that could not be had. */
export function logsScreen(view: RunView, post: Post): Screen {
  const { run, events } = view.run;
  const { locale, logs } = view;
  const w = words[locale];
  const head = `${marks.record} ${w.title} · ${place(run.request.target)}`;
  const foot = shortRunId(run.id);
  const kept = events.findLast(event => event.kind === 'logs-kept' && event.asked === post.event);
  if (kept?.kind === 'logs-kept' && kept.reason) {
    const value = sentence(sayReason(kept.reason, locale), locale);
    return draw({ head, lines: [{ label: w.none, value }], foot }, locale);
  }
  if (!logs) return draw({ head, lines: [w.gone], foot }, locale);
  const file = { name: `logs-${shortRunId(run.id)}-${post.event}.txt`, content: logs };
  return draw({ head, lines: [w.whole], foot, file }, locale);
}
