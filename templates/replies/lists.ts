import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Candidate } from '../../src/domain/release.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { CandidatesData, HistoryData, HistoryRow, StatusData } from '../data.ts';
import { draw, type Line } from '../draft.ts';
import { esc } from '../escape.ts';
import { change, place } from '../facts.ts';
import { marks } from '../marks.ts';
import { span } from '../notes/table.ts';
import { at, called } from '../people.ts';
import { sayNote } from '../say.ts';
import { markOf } from '../screens/run-line.ts';
import { gradeWords, statusNames, verdictWords } from '../words.ts';
import { nextButtons, nextTyped } from './next.ts';

/** How many rows of a list are shown before the rest is only counted. */
const shown = 20;

interface Words {
  readonly status: (service: string | null, runs: number) => string;
  readonly quiet: string;
  readonly asked: (who: string, at: string) => string;
  readonly proposal: (where: string, what: string, at: string) => string;
  readonly hold: (where: string, version: string, by: string, at: string, why: string) => string;
  readonly freeze: (where: string, by: string, until: string | null, why: string) => string;
  readonly rest: (count: number) => string;
  readonly history: (service: string | null) => string;
  readonly summary: (runs: number, succeeded: number, mttr: string | null) => string;
  readonly phases: readonly [string, string, string, string, string];
  readonly none: string;
  readonly candidates: (where: string, current: string | null) => string;
  readonly noCandidates: string;
}

const words = {
  en: {
    status: (service, runs) =>
      `${service ? `${service}: ` : ''}${runs === 0 ? 'no open rollbacks' : `${runs} open rollback${runs === 1 ? '' : 's'}`}`,
    quiet: 'No proposals, holds or freezes.',
    asked: (who, time) => `asked by ${who} ${time}`,
    proposal: (target, what, time) => `${marks.alert} ${target}: proposal, ${what} since ${time}`,
    hold: (target, release, by, time, why) =>
      `${marks.held} ${target}: ${release} on hold since ${time} by ${by} (“${why}”)`,
    freeze: (target, by, until, why) =>
      `${marks.held} ${target}: frozen${until ? ` until ${until}` : ''} by ${by} (“${why}”)`,
    rest: count => `… and ${count} more`,
    history: service => (service ? `Rollbacks of ${service}` : 'Rollbacks'),
    summary: (runs, succeeded, mttr) =>
      `${succeeded} of ${runs} succeeded${mttr ? ` · mean time to recovery ${mttr}` : ''}`,
    phases: ['detect', 'decide', 'execute', 'verify', 'in all'],
    none: 'None yet.',
    candidates: (target, current) => `${target}: what it could go back to${current ? ` (now ${current})` : ''}`,
    noCandidates: 'No release is known yet. Backout learns them from deployments and from what it sees running.',
  },
  'zh-CN': {
    status: (service, runs) =>
      `${service ? `${service}：` : ''}${runs === 0 ? '没有进行中的回滚' : `${runs} 个进行中的回滚`}`,
    quiet: '没有提议、部署禁令或冻结。',
    asked: (who, time) => `${who} 于 ${time} 发起`,
    proposal: (target, what, time) => `${marks.alert} ${target}：回滚提议，${what}，始于 ${time}`,
    hold: (target, release, by, time, why) =>
      `${marks.held} ${target}：${release} 自 ${time} 起由 ${by} 禁止部署（“${why}”）`,
    freeze: (target, by, until, why) =>
      `${marks.held} ${target}：已由 ${by} 冻结${until ? `，至 ${until}` : ''}（“${why}”）`,
    rest: count => `……另有 ${count} 项`,
    history: service => (service ? `${service} 的回滚历史` : '回滚历史'),
    summary: (runs, succeeded, mttr) => `共 ${runs} 次，成功 ${succeeded} 次${mttr ? ` · 平均恢复时间 ${mttr}` : ''}`,
    phases: ['发现', '决定', '执行', '验证', '合计'],
    none: '暂无。',
    candidates: (target, current) => `${target}：可回到的版本${current ? `（当前 ${current}）` : ''}`,
    noCandidates: '尚无已知版本。Backout 从部署事件和实际运行情况中获知版本。',
  },
} as const satisfies Record<Locale, Words>;

/** `status`: open runs first, then what else is to be known. */
export function statusReply(locale: Locale, data: StatusData): Screen {
  const w: Words = words[locale];
  const time = (ms: number) => clock(ms, data.now, locale);
  const colon = locale === 'en' ? ': ' : '：';
  const runs = data.runs.map(run => {
    const { request } = run;
    const state = statusNames[locale][run.status];
    const facts = [
      change({ catalogue: null, locale }, run),
      w.asked(called(request.by), time(run.createdAt)),
      shortRunId(run.id),
    ];
    return `${markOf(run)} ${place(request.target)}${colon}${state} · ${facts.join(' · ')}`;
  });
  const rest = [
    ...data.proposals.map(({ target, episode }) =>
      w.proposal(place(target), esc(episode.summary || episode.name), time(episode.startedAt)),
    ),
    ...data.holds.map(hold =>
      w.hold(place(hold.target), esc(hold.version), at(hold.by), time(hold.since), esc(hold.reason)),
    ),
    ...data.freezes.map(freeze =>
      w.freeze(
        place(freeze.target),
        at(freeze.by),
        freeze.until === null ? null : time(freeze.until),
        esc(freeze.reason),
      ),
    ),
  ];
  const service = data.service === null ? null : esc(data.service);
  return draw(
    {
      head: w.status(service, data.runs.length),
      lines: cut(runs, w),
      more: [rest.length > 0 ? cut(rest, w) : [w.quiet]],
    },
    locale,
  );
}

/** `history`: what the ended runs come to, then each with the time of every part. */
export function historyReply(locale: Locale, data: HistoryData): Screen {
  const w: Words = words[locale];
  const { runs, succeeded, mttrMs } = data.summary;
  const head = w.history(data.service === null ? null : esc(data.service));
  if (data.rows.length === 0) return draw({ head, lines: [w.none] }, locale);
  const summary = w.summary(runs, succeeded, mttrMs === null ? null : span(mttrMs, locale));
  const rows = data.rows.map(row => historyRow(row, data.now, w, locale));
  return draw({ head, lines: [summary], more: rows.slice(0, shown).map(row => [row]) }, locale);
}

function historyRow(row: HistoryRow, now: number, w: Words, locale: Locale): string {
  const { times } = row;
  const parts = [times.detectMs, times.decideMs, times.executeMs, times.verifyMs, times.totalMs];
  const took = parts.flatMap((ms, part) => (ms === null ? [] : [`${w.phases[part]} ${span(ms, locale)}`]));
  const what = row.to === null ? '' : ` · ${esc(row.from ?? '?')} → ${esc(row.to)}`;
  const head = `${clock(row.at, now, locale)} ${place(row.target)}${what} · ${statusNames[locale][row.status]}`;
  return [`${head} · ${at(row.by)} · ${shortRunId(row.run)}`, took.join(' · ')].filter(line => line !== '').join('\n');
}

/** `candidates`: every release with its grade, whether it may be taken, and why or why not. */
export function candidatesReply(locale: Locale, data: CandidatesData): Screen {
  const w: Words = words[locale];
  const head = w.candidates(place(data.target), data.current === null ? null : esc(data.current));
  if (data.candidates.length === 0) return draw({ head, lines: [w.noCandidates] }, locale);
  const rows = data.candidates.map(one => candidateRow(one, data.now, locale));
  return draw(
    {
      head,
      lines: [],
      more: [cut(rows, w)],
      buttons: nextButtons(data.next, locale),
      typed: nextTyped(data.next, locale),
    },
    locale,
  );
}

function candidateRow({ release, verdict, why }: Candidate, now: number, locale: Locale): string {
  const mark = verdict === 'suggested' ? marks.done : verdict === 'no' ? marks.failed : marks.ended;
  const grade = gradeWords[locale][release.grade];
  const seen = clock(release.firstSeen, now, locale);
  return `${mark} ${esc(release.version)} · ${grade} · ${seen} · ${verdictWords[locale][verdict]}${locale === 'en' ? ': ' : '：'}${sayNote(why, locale)}`;
}

function cut(rows: readonly string[], w: Words): readonly Line[] {
  return rows.length <= shown ? rows : [...rows.slice(0, shown), w.rest(rows.length - shown)];
}
