import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Reason } from '../../src/domain/reason.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { BusyData, RefusalData } from '../data.ts';
import { draw } from '../draft.ts';
import { esc, forTerminal } from '../escape.ts';
import { change, place } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { names } from '../notes/table.ts';
import { called } from '../people.ts';
import { listed, sayReason, sentence } from '../say.ts';
import { statusNames } from '../words.ts';
import { nextButtons, nextTyped } from './next.ts';

interface Words {
  readonly notStarted: string;
  readonly notCounted: string;
  readonly notDone: string;
  readonly nearest: string;
  readonly busy: (who: string, where: string, since: string) => string;
  readonly unconfirmed: string;
  readonly unconfirmedWhy: string;
  readonly unconfirmedNext: string;
  readonly failed: string;
  readonly failedWhy: string;
}

const words = {
  en: {
    notStarted: 'Not started',
    notCounted: 'Not counted',
    notDone: 'Not done',
    nearest: 'Did you mean',
    busy: (who, where, since) => `Not started: ${who} is rolling back ${where} since ${since}`,
    unconfirmed: 'Not confirmed',
    unconfirmedWhy: 'The store did not answer in time, so nothing was accepted that I know of.',
    unconfirmedNext: 'Ask for the `status` before you try again.',
    failed: 'Not confirmed: Backout itself failed.',
    failedWhy:
      'Nothing was accepted that I know of. Ask for the `status` before you try again; the log has the details.',
  },
  'zh-CN': {
    notStarted: '未开始',
    notCounted: '未计入',
    notDone: '未执行',
    nearest: '您是否指',
    busy: (who, where, since) => `未开始：${who} 自 ${since} 起正在回滚 ${where}`,
    unconfirmed: '未确认',
    unconfirmedWhy: '存储没有及时响应，目前无法确认请求已被接受。',
    unconfirmedNext: '重试之前，请先用 `status` 查询状态。',
    failed: '未确认：Backout 自身出错。',
    failedWhy: '目前无法确认请求已被接受。重试之前，请先用 `status` 查询状态；详情见日志。',
  },
} as const satisfies Record<Locale, Words>;

const uncounted: ReadonlySet<string> = new Set([
  'requester-excluded',
  'approval-expired',
  'stale-card',
  'membership-unknown',
  'deactivated-user',
]);

/** Nothing is wrong with these: somebody was quicker, or clicked twice. */
const kind: ReadonlySet<string> = new Set(['already-voted', 'already-decided']);

const unstarted: ReadonlySet<string> = new Set([
  'unknown-service',
  'unknown-environment',
  'unknown-release',
  'unknown-level',
  'environment-needed',
  'reason-needed',
  'quorum-unreachable',
  'target-busy',
  'frozen',
  'no-runbook',
  'no-emergency-plan',
  'no-good-release',
  'release-not-eligible',
  'nothing-to-change',
  'nothing-held',
  'worker-missing',
]);

/** Says why something was not done, with the nearest names and the ways on. `nearest` may also stand among the reason's facts. */
export function refusal(locale: Locale, data: RefusalData): Screen {
  const { reason: why, next = [] } = data;
  if (why.code === 'not-confirmed') return notConfirmed(locale);
  if (why.code === 'internal') return failure(locale);
  const w: Words = words[locale];
  const start = unstarted.has(why.code) ? w.notStarted : uncounted.has(why.code) ? w.notCounted : w.notDone;
  const colon = locale === 'en' ? ': ' : '：';
  const near = data.nearest ?? asList(why.facts?.nearest);
  return draw(
    {
      head: kind.has(why.code) ? alone(locale, why) : `${start}${colon}${sentence(sayReason(why, locale), locale)}`,
      lines: [
        near.length > 0
          ? {
              label: w.nearest,
              value: listed(
                near.slice(0, quoted.list).map(one => esc(one, quoted.name)),
                locale,
              ),
            }
          : null,
      ],
      buttons: nextButtons(next, locale),
      typed: nextTyped(next, locale),
    },
    locale,
  );
}

function asList(fact: string | number | readonly string[] | undefined): readonly string[] {
  if (fact === undefined || fact === '') return [];
  return Array.isArray(fact) ? fact : [names(fact)];
}

/** Shows a second request the first run: who, since when, how far. */
export function busy(locale: Locale, { run, next, now }: BusyData): Screen {
  const who = called(run.request.by);
  const said = words[locale].busy(who, place(run.request.target), clock(run.createdAt, now, locale));
  const state = `${change({ catalogue: null, locale }, run)}${locale === 'en' ? ', ' : '，'}${statusNames[locale][run.status]}`;
  return draw(
    {
      head: said,
      lines: [state],
      buttons: nextButtons(next, locale),
      foot: shortRunId(run.id),
      typed: nextTyped(next, locale),
    },
    locale,
  );
}

/** Says that nothing was confirmed: the store did not answer. Never that nothing was started. */
export function notConfirmed(locale: Locale): Screen {
  const w: Words = words[locale];
  return draw({ head: `${marks.warning} ${w.unconfirmed}`, lines: [w.unconfirmedWhy, w.unconfirmedNext] }, locale);
}

/** Says that Backout itself failed while answering. */
export function failure(locale: Locale): Screen {
  const w: Words = words[locale];
  return draw({ head: `${marks.warning} ${w.failed}`, lines: [w.failedWhy] }, locale);
}

/** The reason a form field is refused with, as one plain sentence. */
export function fieldError(locale: Locale, why: Reason): string {
  return forTerminal(alone(locale, why)).replaceAll('`', '');
}

/** A reason as a sentence that stands alone. */
function alone(locale: Locale, why: Reason): string {
  const said = sentence(sayReason(why, locale), locale);
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}`;
}
