import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { FindingData, GateData, ProblemData, ProblemsData, ReloadedData } from '../data.ts';
import { draw } from '../draft.ts';
import { esc } from '../escape.ts';
import { place } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { at } from '../people.ts';
import { gradeWords } from '../words.ts';

interface Words {
  readonly healthy: string;
  readonly unhealthy: (broken: number, warnings: number, unknown: number) => string;
  readonly silent: string;
  readonly failed: string;
  readonly remedy: (text: string) => string;
  readonly problems: (file: string, count: number) => string;
  readonly kept: string;
  readonly none: string;
  readonly place: (line: number, column: number) => string;
  readonly meant: (text: string) => string;
  readonly reloaded: (hash: string) => string;
  readonly same: (hash: string) => string;
  readonly counts: (services: number, targets: number) => string;
  readonly open: (release: string, where: string) => string;
  readonly shut: (release: string, where: string) => string;
  readonly hold: (by: string, since: string, why: string) => string;
  readonly freeze: (by: string, until: string | null, why: string) => string;
  readonly busy: (run: string) => string;
  readonly bad: (grade: string) => string;
}

const words = {
  en: {
    healthy: 'All that was looked at works.',
    unhealthy: (broken, warnings, unknown) =>
      `${broken} broken, ${warnings} to look at${unknown === 0 ? '' : `, ${unknown} unknown`}`,
    silent: 'no answer in time, so nobody knows how it is',
    failed: 'could not be looked at, so nobody knows how it is',
    remedy: text => `do: ${text}`,
    problems: (file, count) => `${file} has ${count} problem${count === 1 ? '' : 's'}`,
    kept: 'The catalogue before stays in force.',
    none: 'Backout does not start with it.',
    place: (line, column) => `line ${line}, column ${column}`,
    meant: text => `did you mean ${text}?`,
    reloaded: hash => `Catalogue reloaded (${hash})`,
    same: hash => `The catalogue has not changed (${hash})`,
    counts: (services, targets) =>
      `${services} service${services === 1 ? '' : 's'}, ${targets} target${targets === 1 ? '' : 's'}`,
    open: (release, target) => `${release} may be deployed to ${target}`,
    shut: (release, target) => `${release} must not be deployed to ${target}`,
    hold: (by, since, why) => `It is on hold since ${since} by ${by}: “${why}”. Next: somebody releases the hold.`,
    freeze: (by, until, why) => `Deployments are frozen${until ? ` until ${until}` : ''} by ${by}: “${why}”.`,
    busy: run => `${run} is rolling back there now.`,
    bad: grade => `Its grade there is ${grade}.`,
  },
  'zh-CN': {
    healthy: '检查过的项目均正常。',
    unhealthy: (broken, warnings, unknown) =>
      `${broken} 项故障，${warnings} 项需留意${unknown === 0 ? '' : `，${unknown} 项状态未知`}`,
    silent: '没有及时得到答复，状态未知',
    failed: '未能检查，状态未知',
    remedy: text => `处理办法：${text}`,
    problems: (file, count) => `${file} 有 ${count} 处错误`,
    kept: '继续使用之前的服务目录。',
    none: 'Backout 无法以此启动。',
    place: (line, column) => `第 ${line} 行第 ${column} 列`,
    meant: text => `是否指 ${text}？`,
    reloaded: hash => `服务目录已重新加载（${hash}）`,
    same: hash => `服务目录没有变化（${hash}）`,
    counts: (services, targets) => `${services} 个服务，${targets} 个目标`,
    open: (release, target) => `${release} 可以部署到 ${target}`,
    shut: (release, target) => `${release} 不得部署到 ${target}`,
    hold: (by, since, why) => `自 ${since} 起由 ${by} 禁止部署：“${why}”。下一步：由相关人员解除。`,
    freeze: (by, until, why) => `部署已由 ${by} 冻结${until ? `，至 ${until}` : ''}：“${why}”。`,
    busy: run => `${run} 正在回滚该目标。`,
    bad: grade => `它在该目标的评级为${grade}。`,
  },
} as const satisfies Record<Locale, Words>;

const findingMarks = {
  ok: marks.done,
  warning: marks.warning,
  broken: marks.failed,
  unknown: marks.warning,
} as const;

/** The finding of a probe that failed, or said nothing in time. */
export function notLookedAt(locale: Locale, subject: string, silent: boolean): FindingData {
  const w: Words = words[locale];
  return { subject, state: 'unknown', message: silent ? w.silent : w.failed, remedy: null };
}

/** `doctor`: what works, what does not, what to do; the broken first. */
export function doctorReply(locale: Locale, findings: readonly FindingData[]): Screen {
  const w: Words = words[locale];
  const count = (state: FindingData['state']) => findings.filter(one => one.state === state).length;
  const fine = count('ok') === findings.length;
  const sorted = (['broken', 'unknown', 'warning', 'ok'] as const).flatMap(state =>
    findings.filter(one => one.state === state),
  );
  const colon = locale === 'en' ? ': ' : '：';
  const lines = sorted.map(one => {
    const remedy = one.remedy ? `\n    → ${w.remedy(esc(one.remedy, quoted.reason))}` : '';
    return `${findingMarks[one.state]} ${esc(one.subject)}${colon}${esc(one.message, quoted.reason)}${remedy}`;
  });
  return draw(
    {
      head: fine ? w.healthy : w.unhealthy(count('broken'), count('warning'), count('unknown')),
      lines: [],
      more: [lines],
    },
    locale,
  );
}

/** A catalogue that was refused: every problem at once, with file, line and column. */
export function problemsReply(locale: Locale, data: ProblemsData): Screen {
  const w: Words = words[locale];
  const lines = data.problems.map(problem => sayProblem(problem, w, locale));
  return draw(
    {
      head: `${marks.failed} ${w.problems(esc(data.file), data.problems.length)}`,
      lines: [data.kept ? w.kept : w.none],
      more: [lines],
    },
    locale,
  );
}

function sayProblem(problem: ProblemData, w: Words, locale: Locale): string {
  const [colon, semicolon] = locale === 'en' ? [': ', '; '] : ['：', '；'];
  const where = problem.line === null ? [] : [w.place(problem.line, problem.column ?? 1)];
  const path = problem.path ? [esc(problem.path)] : [];
  const meant = problem.suggestion ? `${semicolon}${w.meant(esc(problem.suggestion))}` : '';
  return `${[...where, ...path].join(' · ')}${colon}${esc(problem.message, quoted.reason)}${meant}`;
}

/** A catalogue that is in force now. */
export function reloadedReply(locale: Locale, data: ReloadedData): Screen {
  const w: Words = words[locale];
  const hash = esc(data.hash.slice(0, 12));
  return draw(
    { head: data.changed ? w.reloaded(hash) : w.same(hash), lines: [w.counts(data.services, data.targets)] },
    locale,
  );
}

/** `gate`: whether a release may be deployed, and if not why. */
export function gateReply(locale: Locale, data: GateData): Screen {
  const w: Words = words[locale];
  const release = esc(data.release);
  if (!data.stop) return draw({ head: `${marks.done} ${w.open(release, place(data.target))}`, lines: [] }, locale);
  return draw(
    { head: `${marks.held} ${w.shut(release, place(data.target))}`, lines: [whyShut(data, w, locale)] },
    locale,
  );
}

function whyShut({ stop, now }: GateData, w: Words, locale: Locale): string | null {
  const time = (ms: number) => clock(ms, now, locale);
  switch (stop?.kind) {
    case 'hold':
      return w.hold(at(stop.hold.by), time(stop.hold.since), esc(stop.hold.reason, quoted.reason));
    case 'freeze':
      return w.freeze(
        at(stop.freeze.by),
        stop.freeze.until === null ? null : time(stop.freeze.until),
        esc(stop.freeze.reason, quoted.reason),
      );
    case 'busy':
      return w.busy(shortRunId(stop.run));
    case 'bad':
      return w.bad(gradeWords[locale][stop.grade]);
    default:
      return null;
  }
}
