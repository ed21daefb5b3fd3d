import type { Locale } from '../src/domain/catalogue.ts';
import { shortRunId } from '../src/domain/ids.ts';
import type { RecordData } from '../src/domain/record.ts';
import { clockSeconds, stamp } from './clock.ts';
import { change } from './facts.ts';
import { fence, md, mdSaid, table } from './markdown.ts';
import { marks } from './marks.ts';
import { span } from './notes/table.ts';
import { called } from './people.ts';
import { partNames, type RecordWords, recordWords, stepNames } from './record-words.ts';
import { sayNote, sayReason } from './say.ts';
import { wholeDiff } from './screens/diff.ts';
import { tell } from './screens/events.ts';
import { levelWords, scenarioWord, statusNames } from './words.ts';

/** Writes a run's record as Markdown (inventory 314, 320-325), in the reader's language; what is not known is said to be missing. */
export function renderRecord(data: RecordData, locale: Locale): string {
  const w: RecordWords = recordWords[locale];
  const { run } = data;
  const parts = [
    frontMatter(data),
    `# ${w.title} ${shortRunId(run.id)} · ${md(run.request.target)}`,
    `## ${w.basics}`,
    basics(data, w, locale),
    `## ${w.steps}`,
    steps(data, locale),
    `### ${w.durations}`,
    durations(data, w, locale),
    `## ${w.result}`,
    results(data, w, locale),
    `## ${w.impact}`,
    impact(data, w, locale),
    `## ${w.analysis}`,
    `- ${partNames[locale]['root-cause']}${colon[locale]} ${w.toBeFilled}\n- ${partNames[locale].improvements}${colon[locale]} ${w.toBeFilled}`,
    `## ${w.lessons}`,
    `- ${w.toBeFilled}`,
    `## ${w.approval}`,
    votes(data, w),
    `### ${w.refused}`,
    refused(data, w, locale),
    `## ${w.changes}`,
    run.plan ? fence(wholeDiff(run.plan, locale), 'diff') : w.noJournal,
    `## ${w.journal}`,
    journal(data, w, locale),
    `## ${w.log}`,
    data.events
      .map(event => `- ${clockSeconds(event.at)} ${mdSaid(tell(event, { plan: run.plan, locale }))}`)
      .join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

const colon = { en: ':', 'zh-CN': '：' } as const satisfies Record<Locale, string>;

/** Version, date, status and tags of the document (inventory 327). */
function frontMatter({ run }: RecordData): string {
  const tags = ['rollback', run.request.target, run.request.scenario].map(tag => JSON.stringify(tag)).join(', ');
  return `---\nversion: ${run.version}\ndate: ${stamp(run.updatedAt)}\nstatus: ${run.status}\ntags: [${tags}]\n---`;
}

function basics(data: RecordData, w: RecordWords, locale: Locale): string {
  const { run } = data;
  const { labels } = w;
  const rows: (readonly [string, string] | null)[] = [
    [labels.run, `${shortRunId(run.id)} (${run.id})`],
    [labels.target, md(run.request.target)],
    [labels.time, stamp(run.createdAt)],
    [labels.change, mdSaid(change({ catalogue: null, locale }, run))],
    run.plan
      ? [labels.level, `${levelWords[locale][run.plan.level]} · ${md(run.plan.strategy)} · ${md(run.plan.runbook)}`]
      : null,
    [labels.trigger, w.trigger[data.trigger]],
    [labels.scenario, mdSaid(scenarioWord(run.request.scenario, locale))],
    [labels.reason, md(run.request.reason, 3_000)],
    [labels.responsible, mdSaid(called(data.responsible))],
    [labels.status, statusNames[locale][run.status]],
    'reason' in run && run.reason ? [labels.why, mdSaid(sayReason(run.reason, locale))] : null,
    'next' in run && run.next ? [labels.next, shortRunId(run.next)] : null,
    run.plan ? [labels.plan, md(run.plan.fingerprint)] : null,
    [labels.catalogue, md(run.request.catalogue)],
  ];
  return rows.flatMap(row => (row ? [`- **${row[0]}${colon[locale]}** ${row[1]}`] : [])).join('\n');
}

function steps(data: RecordData, locale: Locale): string {
  return data.steps
    .map(step => `- ${stamp(step.at)} ${stepNames[locale][step.what]}${step.who ? ` (${md(step.who)})` : ''}`)
    .join('\n');
}

function durations({ times }: RecordData, w: RecordWords, locale: Locale): string {
  const all = [times.detectMs, times.decideMs, times.executeMs, times.verifyMs, times.totalMs];
  return table(w.phases, [all.map(ms => (ms === null ? w.notKnown : span(ms, locale)))]);
}

function results({ run }: RecordData, w: RecordWords, locale: Locale): string {
  if (run.checks.length === 0) return w.noChecks;
  const rows = run.checks.map(check => [
    md(check.title),
    md(check.kind),
    w.checkStatus[check.status],
    span(check.endedAt - check.startedAt, locale),
    mdSaid(sayNote(check.note, locale)),
  ]);
  return table(w.resultHead, rows);
}

function impact(data: RecordData, w: RecordWords, locale: Locale): string {
  const names = partNames[locale];
  const duration = data.impactMs === null ? w.toBeFilled : span(data.impactMs, locale);
  return [
    `- ${names.scope}${colon[locale]} ${w.toBeFilled}`,
    `- ${names.duration}${colon[locale]} ${duration}`,
    `- ${names.users}${colon[locale]} ${w.toBeFilled}`,
    `- ${names.data}${colon[locale]} ${w.toBeFilled}`,
  ].join('\n');
}

function votes({ run }: RecordData, w: RecordWords): string {
  if (!run.approval || run.approval.votes.length === 0) return w.noVotes;
  const rows = run.approval.votes.map(vote => [
    stamp(vote.at),
    `${md(vote.name)} (${vote.via})`,
    w.decisions[vote.decision],
    vote.reason ? md(vote.reason) : '–',
  ]);
  return table(w.voteHead, rows);
}

function refused(data: RecordData, w: RecordWords, locale: Locale): string {
  if (data.refused.length === 0) return w.noneRefused;
  return data.refused
    .map(one => `- ${stamp(one.at)} ${mdSaid(called(one.by))}: ${mdSaid(sayReason(one.reason, locale))}`)
    .join('\n');
}

function journal({ run }: RecordData, w: RecordWords, locale: Locale): string {
  if (run.journal.length === 0) return w.noJournal;
  const rows = run.journal.map(entry => {
    const object = run.plan?.operations[entry.index]?.object ?? '?';
    const end = entry.outcome ?? entry.failure;
    const said = entry.outcome
      ? sayNote(entry.outcome.note, locale)
      : entry.failure
        ? sayReason(entry.failure.reason, locale)
        : w.notKnown;
    const step = `${entry.phase === 'revert' ? `${marks.back} ` : ''}${entry.index + 1}. ${md(object)}`;
    return [stamp(entry.beganAt), step, end ? stamp(end.at) : '–', mdSaid(said)];
  });
  return table(w.journalHead, rows);
}
