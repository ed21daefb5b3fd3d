import type { Locale } from '../../src/domain/catalogue.ts';
import type { Note } from '../../src/domain/note.ts';
import type { Considered, Plan } from '../../src/domain/plan.ts';
import type { Line } from '../draft.ts';
import { esc } from '../escape.ts';
import { version, when } from '../facts.ts';
import { quoted } from '../limits.ts';
import { span } from '../notes/table.ts';
import { clauses, sayNote, sayReason } from '../say.ts';
import type { RunView } from '../view.ts';
import { gradeWords, levelShort } from '../words.ts';

interface Words {
  readonly change: string;
  readonly level: string;
  readonly skipped: (level: number, why: string) => string;
  readonly good: string;
  readonly nothingKnown: (version: string, grade: string) => string;
  readonly expect: string;
  readonly none: string;
  readonly gap: (span: string) => string;
  readonly unknown: string;
  readonly rto: (at: string) => string;
  readonly radius: string;
  readonly notRolledBack: string;
  readonly notChecked: string;
  readonly warning: string;
  readonly irreversible: string;
  readonly more: (count: number) => string;
}

const words = {
  en: {
    change: 'Change',
    level: 'Level',
    skipped: (level, why) => `not level ${level}: ${why}`,
    good: 'Good because',
    nothingKnown: (release, grade) => `nothing speaks for ${release}; it is ${grade}`,
    expect: 'Expect',
    none: 'no interruption',
    gap: gap => `an interruption of about ${gap}`,
    unknown: 'interruption not known',
    rto: at => `RTO ends ${at}`,
    radius: 'Touches',
    notRolledBack: 'Not rolled back',
    notChecked: 'Not checked',
    warning: 'Warning',
    irreversible: 'this cannot be put back by itself',
    more: count => `and ${count} more`,
  },
  'zh-CN': {
    change: '改动',
    level: '级别',
    skipped: (level, why) => `未选级别 ${level}：${why}`,
    good: '可用依据',
    nothingKnown: (release, grade) => `没有证据表明 ${release} 可用；评级为${grade}`,
    expect: '预计',
    none: '不中断服务',
    gap: gap => `中断约 ${gap}`,
    unknown: '是否中断未知',
    rto: at => `RTO 截止 ${at}`,
    radius: '影响范围',
    notRolledBack: '不会回滚',
    notChecked: '未检查',
    warning: '警告',
    irreversible: '此改动无法自动恢复原状',
    more: count => `另有 ${count} 项`,
  },
} as const satisfies Record<Locale, Words>;

/** What will be done: each operation's summary. */
export function changeLine(plan: Plan, locale: Locale): Line {
  const w: Words = words[locale];
  const said = clauses(
    limited(
      plan.operations.map(operation => sayNote(operation.preview.summary, locale)),
      w,
    ),
    locale,
  );
  return said === '' ? null : { label: w.change, value: said };
}

/** The level taken and why the milder ones were not. */
export function levelLine(plan: Plan, considered: readonly Considered[], locale: Locale): Line {
  const w: Words = words[locale];
  const skipped = considered
    .filter(one => one.outcome === 'skipped' && one.why !== null)
    .map(one => w.skipped(one.level, one.why ? sayReason(one.why, locale) : ''));
  const taken = `${levelShort[locale][plan.level]} · ${esc(plan.strategy, quoted.name)}`;
  return { label: w.level, value: clauses([taken, ...limited(skipped, w)], locale) };
}

/** Why the release is thought good, or that nothing speaks for it. */
export function goodLine(plan: Plan, locale: Locale): Line {
  const w: Words = words[locale];
  if (plan.goodBecause) return { label: w.good, value: sayNote(plan.goodBecause, locale) };
  if (!plan.to) return null;
  return { label: w.good, value: w.nothingKnown(version(plan.to), gradeWords[locale][plan.to.grade]) };
}

/** How long it takes, what users will feel, when the RTO ends. */
export function expectLine(view: RunView, plan: Plan, rto: number | null): Line {
  const w: Words = words[view.locale];
  const { interruption } = plan;
  const felt = interruption.kind === 'gap' ? w.gap(span(interruption.ms, view.locale)) : w[interruption.kind];
  const comma = view.locale === 'en' ? ', ' : '，';
  const stop = view.locale === 'en' ? '. ' : '。';
  const end = rto === null ? '' : `${stop}${w.rto(when(view, rto))}`;
  return { label: w.expect, value: `${span(plan.expectedMs, view.locale)}${comma}${felt}${end}` };
}

/** What is touched, what stays as it is, what nobody looked at, what to beware of. */
export function riskLines(plan: Plan, locale: Locale): readonly Line[] {
  const w: Words = words[locale];
  const warnings = [...plan.warnings.map(one => sayNote(one, locale)), ...(plan.reversible ? [] : [w.irreversible])];
  return [
    notesLine(w.radius, plan.blastRadius, locale),
    notesLine(w.notRolledBack, plan.notRolledBack, locale),
    notesLine(w.notChecked, plan.notChecked, locale),
    warnings.length > 0 ? { label: w.warning, value: clauses(limited(warnings, w), locale) } : null,
  ];
}

function notesLine(label: string, notes: readonly Note[], locale: Locale): Line {
  if (notes.length === 0) return null;
  return {
    label,
    value: clauses(
      limited(
        notes.map(one => sayNote(one, locale)),
        words[locale],
      ),
      locale,
    ),
  };
}

function limited(all: readonly string[], w: Words): readonly string[] {
  const items = [...new Set(all)];
  if (items.length <= quoted.list) return items;
  return [...items.slice(0, quoted.list), w.more(items.length - quoted.list)];
}
