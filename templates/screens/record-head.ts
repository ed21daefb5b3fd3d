import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { RecordStep } from '../../src/domain/record.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import { draw } from '../draft.ts';
import { change, place } from '../facts.ts';
import { marks } from '../marks.ts';
import { at } from '../people.ts';
import { renderRecord } from '../record.ts';
import { partNames, stepNames } from '../record-words.ts';
import { listed } from '../say.ts';
import type { RunView } from '../view.ts';
import { statusNames } from '../words.ts';

const words = {
  en: { missing: 'Missing', whole: 'The whole record is in the file.' },
  'zh-CN': { missing: '缺少', whole: '完整记录见文件。' },
} as const satisfies Record<Locale, object>;

/** The record in the thread: its head in two lines, what only people can add, and the whole as a Markdown file. */
export function recordScreen(view: RunView): Screen {
  const { run } = view.run;
  const { locale, record } = view;
  const w = words[locale];
  const id = shortRunId(run.id);
  const head = `${marks.record} ${[id, place(run.request.target), change(view, run), statusNames[locale][run.status]].join(' · ')}`;
  if (!record) return draw({ head, lines: [] }, locale);
  return draw(
    {
      head,
      lines: [
        record.steps.map(step => sayStep(step, view)).join(' · '),
        record.missing.length > 0
          ? {
              label: w.missing,
              value: listed(
                record.missing.map(part => partNames[locale][part]),
                locale,
              ),
            }
          : null,
        w.whole,
      ],
      file: { name: `record-${id}.md`, content: renderRecord(record, locale) },
    },
    locale,
  );
}

function sayStep(step: RecordStep, view: RunView): string {
  const who = step.who ? ` ${at(step.who)}` : '';
  return `${clock(step.at, view.now, view.locale)} ${stepNames[view.locale][step.what]}${who}`;
}
