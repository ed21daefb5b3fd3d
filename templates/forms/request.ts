import type { KnownBlock } from '@slack/types';
import type { Locale } from '../../src/domain/catalogue.ts';
import type { Candidate } from '../../src/domain/release.ts';
import type { Form } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { RequestFormData } from '../data.ts';
import { draw, paragraph } from '../draft.ts';
import { plain } from '../escape.ts';
import { suggestValue } from '../ids.ts';
import { limits } from '../limits.ts';
import { sayReason, sentence } from '../say.ts';
import { gradeWords, levelWords, scenarioWord } from '../words.ts';
import { type Choice, reasonInput, select } from './inputs.ts';

interface Words {
  readonly title: string;
  readonly submit: string;
  readonly close: string;
  readonly consent: string;
  readonly service: string;
  readonly environment: string;
  readonly level: string;
  readonly suggestLevel: string;
  readonly release: string;
  readonly suggestRelease: string;
  readonly more: (count: number) => string;
  readonly scenario: string;
  readonly reason: string;
  readonly reasonHint: string;
  readonly choose: string;
  readonly unopened: string;
  readonly again: string;
  readonly typed: string;
}

const words = {
  en: {
    title: 'Roll back',
    submit: 'Ask for approval',
    close: 'Close',
    consent: 'Nothing runs without approval. A plan is made and shown first.',
    service: 'Service',
    environment: 'Environment',
    level: 'Level',
    suggestLevel: 'Suggest: the mildest that suffices',
    release: 'Target release',
    suggestRelease: 'Suggest: the last good one',
    more: count => `${count} older releases are not listed: name one with “to RELEASE” in the command.`,
    scenario: 'Scenario',
    reason: 'Reason',
    reasonHint: 'What fails, for whom? Who decides reads it.',
    choose: 'Choose',
    unopened: 'The form could not be opened.',
    again: 'Open the form…',
    typed: 'Or type: `/rollback SERVICE in ENV because REASON`',
  },
  'zh-CN': {
    title: '回滚',
    submit: '提交审批',
    close: '关闭',
    consent: '未经批准不会执行任何操作。会先生成并展示计划。',
    service: '服务',
    environment: '环境',
    level: '级别',
    suggestLevel: '由 Backout 建议：足够的最低级别',
    release: '目标版本',
    suggestRelease: '由 Backout 建议：最近可用的版本',
    more: count => `另有 ${count} 个更早的版本未列出：请在命令中用“to 版本”指明。`,
    scenario: '场景',
    reason: '原因',
    reasonHint: '什么出了故障，影响到谁？审批人会看到。',
    choose: '请选择',
    unopened: '表单未能打开。',
    again: '打开表单…',
    typed: '也可以输入：`/rollback 服务 in 环境 because 原因`',
  },
} as const satisfies Record<Locale, Words>;

/** The form that asks for a rollback, filled in as far as things are known. The submission's values stand under `blockIds`. */
export function requestForm(locale: Locale, data: RequestFormData): Form {
  const w: Words = words[locale];
  const note = data.note ? [paragraph(sentence(sayReason(data.note, locale), locale))] : [];
  const blocks: KnownBlock[] = [
    ...note,
    select({
      id: 'service',
      label: w.service,
      choices: data.services.map(asChoice),
      chosen: data.service,
      placeholder: w.choose,
      tells: 'select-service',
    }),
    ...environmentInput(data, w),
    levelInput(data, w, locale),
    releaseInput(data, w, locale),
    select({
      id: 'scenario',
      label: w.scenario,
      choices: data.scenarios.map(name => ({ text: scenarioWord(name, locale), value: name })),
      chosen: data.scenario,
      placeholder: w.choose,
    }),
    reasonInput(w.reason, w.reasonHint, data.reason),
    paragraph(w.consent),
  ];
  return {
    id: 'request',
    title: w.title,
    submit: w.submit,
    close: w.close,
    metadata: data.metadata,
    blocks,
    fallback: fallback(locale, data),
  };
}

function environmentInput(data: RequestFormData, w: Words): readonly KnownBlock[] {
  if (data.environments.length === 0) return [];
  const only = data.environments.length === 1 ? (data.environments[0] ?? null) : null;
  return [
    select({
      id: 'environment',
      label: w.environment,
      choices: data.environments.map(asChoice),
      chosen: data.environment ?? only,
      placeholder: w.choose,
      tells: 'select-environment',
    }),
  ];
}

function levelInput(data: RequestFormData, w: Words, locale: Locale): KnownBlock {
  const levels = data.levels.map(level => ({ text: levelWords[locale][level], value: String(level) }));
  return select({
    id: 'level',
    label: w.level,
    choices: [{ text: w.suggestLevel, value: suggestValue }, ...levels],
    chosen: data.level === null ? suggestValue : String(data.level),
    placeholder: w.choose,
  });
}

/** Releases that may be taken, each with its date and grade; what does not fit is counted. */
function releaseInput(data: RequestFormData, w: Words, locale: Locale): KnownBlock {
  const open = data.candidates.filter(one => one.verdict !== 'no' || one.release.key === data.release);
  const listed = open.slice(0, limits.options - 1);
  if (data.release !== null && !listed.some(one => one.release.key === data.release))
    listed.splice(-1, 1, ...open.filter(one => one.release.key === data.release));
  return select({
    id: 'release',
    label: w.release,
    choices: [
      { text: w.suggestRelease, value: suggestValue },
      ...listed.map(one => ({ text: releaseText(one, data.now, locale), value: one.release.key })),
    ],
    chosen: data.release ?? suggestValue,
    placeholder: w.choose,
    hint: open.length > listed.length ? w.more(open.length - listed.length) : null,
  });
}

function releaseText({ release }: Candidate, now: number, locale: Locale): string {
  const at = release.deployment?.at ?? release.firstSeen;
  return `${plain(release.version, 40)} · ${clock(at, now, locale)} · ${gradeWords[locale][release.grade]}`;
}

function asChoice(name: string): Choice {
  return { text: name, value: name };
}

/** What is said where the form could not be opened: a button that opens it anew, and the command. */
function fallback(locale: Locale, data: RequestFormData): Form['fallback'] {
  const w: Words = words[locale];
  return draw(
    { head: w.unopened, lines: [w.typed], buttons: [{ action: 'form-open', text: w.again, value: data.metadata }] },
    locale,
  );
}
