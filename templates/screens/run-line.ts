import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { EndedRun, Run } from '../../src/domain/run.ts';
import { approvers, change, checkTally, operationTally, place, rtoEnds, tally, version, when } from '../facts.ts';
import { marks } from '../marks.ts';
import { span } from '../notes/table.ts';
import { called } from '../people.ts';
import { listed, sayNote } from '../say.ts';
import type { RunView } from '../view.ts';
import { statusWords } from '../words.ts';

/** The mark of a status. */
export function markOf(run: Run): string {
  switch (run.status) {
    case 'awaiting-approval':
      return marks.waiting;
    case 'verifying':
      return marks.checking;
    case 'needs-operator':
      return marks.stopped;
    case 'succeeded':
      return marks.done;
    case 'failing':
    case 'cancelling':
    case 'compensating':
    case 'compensated':
      return marks.back;
    case 'partial':
      return marks.warning;
    case 'failed':
      return marks.failed;
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'superseded':
    case 'noop':
      return marks.ended;
    default:
      return marks.working;
  }
}

/** Where and how it stands: `checkout-api · production: ROLLING BACK, 5 of 8 pods on 2.13.2`. */
export function headOf(view: RunView): string {
  const { run } = view.run;
  const colon = view.locale === 'en' ? ': ' : '：';
  return `${markOf(run)} ${place(run.request.target)}${colon}${statusOf(view)}`;
}

function statusOf(view: RunView): string {
  const { run } = view.run;
  const { locale } = view;
  if (watched(run)) return watchedWords[locale];
  const words = statusWords[locale][run.status];
  const [open, close, comma] = locale === 'en' ? [' (', ')', ', '] : ['（', '）', '，'];
  if (run.status === 'awaiting-approval') {
    const { yes, needed } = tally(run);
    return `${words}${open}${yes}${locale === 'en' ? ' of ' : '/'}${needed}${close}`;
  }
  if (run.status === 'executing' || run.status === 'compensating') {
    if (view.progress) return `${words}${comma}${sayNote(view.progress, locale)}`;
    const { done, all } = operationTally(run);
    if (all < 2) return words;
    return `${words}${comma}${locale === 'en' ? `${done} of ${all} steps done` : `已完成 ${done}/${all} 步`}`;
  }
  if (run.status === 'verifying') {
    const all = run.plan?.checks.length ?? 0;
    if (all === 0) return words;
    const passed = checkTally(run).passed.length;
    return `${words}${run.plan?.to ? ` ${version(run.plan.to)}` : ''}${comma}${locale === 'en' ? `${passed} of ${all}` : `${passed}/${all}`}`;
  }
  if (run.status === 'succeeded' || run.status === 'compensated') return `${words} ${when(view, run.endedAt)}`;
  return words;
}

const watchedWords = {
  en: 'OBSERVED ONLY, NOTHING CHANGED',
  'zh-CN': '仅观察，没有任何改动',
} as const satisfies Record<Locale, string>;

/** Whether a run only showed what it would do. */
export function watched(run: Run): boolean {
  return 'reason' in run && run.reason?.code === 'observe-only';
}

interface Parts {
  readonly failing: (at: string) => string;
  readonly asked: (who: string, at: string) => string;
  readonly approved: (who: string, at: string) => string;
  readonly unasked: (at: string) => string;
  readonly rto: (at: string) => string;
  readonly undo: (run: string) => string;
  readonly cleared: (at: string) => string;
}

const parts = {
  en: {
    failing: at => `failing since ${at}`,
    asked: (who, at) => `asked by ${who} ${at}`,
    approved: (who, at) => `approved by ${who} ${at}`,
    unasked: at => `no approval needed, started ${at}`,
    rto: at => `RTO ends ${at}`,
    undo: run => `undoes ${run}`,
    cleared: at => `alert cleared ${at}`,
  },
  'zh-CN': {
    failing: at => `故障始于 ${at}`,
    asked: (who, at) => `${who} 于 ${at} 发起`,
    approved: (who, at) => `${who} 于 ${at} 批准`,
    unasked: at => `无需审批，${at} 开始`,
    rto: at => `RTO 截止 ${at}`,
    undo: run => `撤销 ${run}`,
    cleared: at => `告警于 ${at} 恢复`,
  },
} as const satisfies Record<Locale, Parts>;

/** From → to, since when, who: the second line of every root. */
export function factsOf(view: RunView): string {
  const { run } = view.run;
  const words: Parts = parts[view.locale];
  const { request } = run;
  const found = [change(view, run)];
  if (request.undoOf) found.push(words.undo(shortRunId(request.undoOf)));
  if (run.status === 'succeeded') return [...found, ...recovered(view, run, words)].join(' · ');
  const approvedAt = run.since.approved;
  const said = approvers(run);
  if (approvedAt !== undefined && said.length > 0) {
    found.push(words.approved(listed(said, view.locale), when(view, approvedAt)));
    const rto = rtoEnds(run);
    if (rto !== null && !('endedAt' in run)) found.push(words.rto(when(view, rto)));
  } else {
    if (request.detectedAt !== null) found.push(words.failing(when(view, request.detectedAt)));
    found.push(words.asked(called(request.by), when(view, run.createdAt)));
    if (approvedAt !== undefined) found.push(words.unasked(when(view, approvedAt)));
  }
  return found.join(' · ');
}

/** When the alert cleared, and how long it took in all. */
function recovered(view: RunView, run: EndedRun, words: Parts): readonly string[] {
  const cleared = run.checks.find(check => check.kind === 'alert-cleared' && check.status === 'passed');
  const took = tookOf(view, run.endedAt);
  return [...(cleared ? [words.cleared(when(view, cleared.endedAt))] : []), ...(took ? [took] : [])];
}

/** How long it took against the RTO: `11 min (RTO 15 min)`. */
function tookOf(view: RunView, until: number): string | null {
  const { run } = view.run;
  if (!run.plan) return null;
  const took = span(until - (run.request.detectedAt ?? run.createdAt), view.locale);
  const rto = span(run.plan.rtoMs, view.locale);
  return view.locale === 'en' ? `${took} (RTO ${rto})` : `用时 ${took}（RTO ${rto}）`;
}
