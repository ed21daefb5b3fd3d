import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw } from '../draft.ts';
import { code, forTerminal } from '../escape.ts';
import { place } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { sayNote } from '../say.ts';
import type { RunView } from '../view.ts';

const words = {
  en: {
    title: 'What the plan changes',
    none: 'The plan changes no text.',
    unplanned: 'There is no plan yet.',
    more: (count: number) => `… ${count} more line${count === 1 ? '' : 's'} behind the Diff button`,
    whole: 'The whole diff is in the file.',
  },
  'zh-CN': {
    title: '计划的改动',
    none: '计划没有文本改动。',
    unplanned: '尚无计划。',
    more: (count: number) => `……另 ${count} 行，请点“差异”按钮查看`,
    whole: '完整差异见文件。',
  },
} as const satisfies Record<Locale, object>;

/** The lines of a plan's diffs that say what changes: added and removed ones, without the file heads. */
export function changedLines(plan: Plan): readonly string[] {
  const lines = plan.operations.flatMap(operation => operation.preview.diff.split('\n'));
  return lines.filter(line => /^[+-](?![+-]{2} )/.test(line));
}

/** The first lines of the diff, as they stand on the card. */
export function shortDiff(plan: Plan, locale: Locale): readonly string[] {
  const lines = changedLines(plan);
  const shown = lines.slice(0, quoted.diffLines).map(line => code(line, quoted.diffLine));
  return lines.length > shown.length ? [...shown, words[locale].more(lines.length - shown.length)] : shown;
}

/** The whole diff of a plan as one text, each operation under its object and summary. */
export function wholeDiff(plan: Plan, locale: Locale): string {
  const parts = plan.operations.map(operation => {
    const head = `# ${operation.index + 1}. ${operation.object}: ${forTerminal(sayNote(operation.preview.summary, locale))}`;
    return operation.preview.diff ? `${head}\n${operation.preview.diff.trimEnd()}` : head;
  });
  return `${parts.join('\n\n')}\n`;
}

/** The diff of a plan: a short one as it stands on the card, a longer one with the whole as a file. */
export function diffScreen(view: RunView): Screen {
  const { run } = view.run;
  const w = words[view.locale];
  const head = `${marks.record} ${w.title} · ${place(run.request.target)}`;
  const foot = shortRunId(run.id);
  if (!run.plan) return draw({ head, lines: [w.unplanned], foot }, view.locale);
  if (changedLines(run.plan).length === 0) return draw({ head, lines: [w.none], foot }, view.locale);
  const lines = shortDiff(run.plan, view.locale);
  const changed = changedLines(run.plan);
  const fits = changed.length <= quoted.diffLines && changed.every(line => line.length <= quoted.diffLine);
  if (fits) return draw({ head, lines, foot }, view.locale);
  const file = { name: `diff-${shortRunId(run.id)}.diff`, content: wholeDiff(run.plan, view.locale) };
  return draw({ head, lines: [w.whole], foot, file }, view.locale);
}
