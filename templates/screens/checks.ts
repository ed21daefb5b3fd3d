import type { Locale } from '../../src/domain/catalogue.ts';
import type { CheckResult } from '../../src/domain/check.ts';
import type { Line } from '../draft.ts';
import { esc } from '../escape.ts';
import { checkTally } from '../facts.ts';
import { quoted } from '../limits.ts';
import { clauses, listed, sayNote } from '../say.ts';
import type { RunView } from '../view.ts';

interface Words {
  readonly passed: string;
  readonly failed: string;
  readonly waiting: string;
  readonly unknown: string;
  readonly byHand: (title: string) => string;
  readonly box: (number: number, title: string) => string;
  readonly rest: (count: number) => string;
}

const words = {
  en: {
    passed: 'Passed',
    failed: 'Not passed',
    waiting: 'Waiting',
    unknown: 'not known',
    byHand: title => `Look yourself: ${title}`,
    box: (number, title) => `Look yourself, box ${number}: ${title}`,
    rest: count => `${count} more`,
  },
  'zh-CN': {
    passed: '已通过',
    failed: '未通过',
    waiting: '等待中',
    unknown: '无法确定',
    byHand: title => `请人工确认：${title}`,
    box: (number, title) => `请人工确认第 ${number} 项：${title}`,
    rest: count => `另 ${count} 项`,
  },
} as const satisfies Record<Locale, Words>;

/** What passed, what did not and why, what is still waited for. */
export function checkLines(view: RunView): readonly Line[] {
  const w: Words = words[view.locale];
  const { passed, failed, waiting } = checkTally(view.run.run);
  const titles = (some: readonly { readonly title: string }[]) =>
    listed(
      shown(
        some.map(one => esc(one.title, quoted.name)),
        w,
      ),
      view.locale,
    );
  return [
    passed.length > 0 ? { label: w.passed, value: titles(passed) } : null,
    failed.length > 0
      ? {
          label: w.failed,
          value: clauses(
            shown(
              failed.map(check => sayCheck(check, view.locale)),
              w,
            ),
            view.locale,
          ),
        }
      : null,
    waiting.length > 0 ? { label: w.waiting, value: titles(waiting) } : null,
  ];
}

function shown(items: readonly string[], w: Words): readonly string[] {
  if (items.length <= quoted.list) return items;
  return [...items.slice(0, quoted.list), w.rest(items.length - quoted.list)];
}

/** One check with its answer: `health: 18 of 20 answers were good`; unknown is said as such. */
export function sayCheck(check: CheckResult, locale: Locale): string {
  const title = esc(check.title, quoted.name);
  const unknown = check.status === 'unknown' ? `${words[locale].unknown}${locale === 'en' ? ', ' : '，'}` : '';
  return `${title}${locale === 'en' ? ': ' : '：'}${unknown}${sayNote(check.note, locale)}`;
}

/** Asks for the next box that a person has to tick. */
export function lookingLine(view: RunView): Line {
  const next = checkTally(view.run.run).manual[0];
  return next ? words[view.locale].byHand(esc(next.spec.title)) : null;
}

/** Every box that waits for a person's answer, with the number it is answered by on a terminal. */
export function boxLines(view: RunView): readonly string[] {
  const { run } = view.run;
  if (run.status !== 'verifying') return [];
  const w: Words = words[view.locale];
  return shown(
    checkTally(run).manual.map(({ number, spec }) => w.box(number, esc(spec.title, quoted.name))),
    w,
  );
}
