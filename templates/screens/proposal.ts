import type { Proposal } from '../../src/domain/alert.ts';
import { buttonValue } from '../../src/domain/button.ts';
import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import { type Grade, grades } from '../../src/domain/release.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { type ButtonDraft, draw, type Line } from '../draft.ts';
import { esc } from '../escape.ts';
import { place, version, when } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { span } from '../notes/table.ts';
import type { ProposalView } from '../view.ts';
import { gradeWords } from '../words.ts';
import { openButton } from './run-buttons.ts';

interface Words {
  readonly since: (what: string, at: string) => string;
  readonly live: (version: string, at: string) => string;
  readonly noRelease: string;
  readonly good: (version: string, grade: string, live: string) => string;
  readonly noGood: string;
  readonly take: (version: string | null) => string;
  readonly dismiss: string;
  readonly consent: string;
  readonly resolved: (at: string) => string;
  readonly closed: string;
  readonly dismissed: string;
  readonly taken: (run: string) => string;
}

const words = {
  en: {
    since: (what, at) => `${what} since ${at}`,
    live: (release, at) => `${release} went live ${at}. Cause not proven.`,
    noRelease: 'No release went live shortly before. Cause not known.',
    good: (release, grade, live) => `Last good: ${release} (${grade}, ran ${live})`,
    noGood: 'No known-good release.',
    take: release => (release ? `Roll back to ${release}…` : 'Roll back…'),
    dismiss: 'Not now',
    consent: 'Nothing runs without approval.',
    resolved: at => `The alert resolved ${at}.`,
    closed: 'Closed.',
    dismissed: 'Put aside: not now. `/rollback` still works.',
    taken: run => `Taken up: ${run}.`,
  },
  'zh-CN': {
    since: (what, at) => `${what}，始于 ${at}`,
    live: (release, at) => `${release} 于 ${at} 上线。尚不能确定是其引起。`,
    noRelease: '此前不久没有版本上线。原因未知。',
    good: (release, grade, live) => `最近可用的版本：${release}（${grade}，运行过 ${live}）`,
    noGood: '没有已知可用的版本。',
    take: release => (release ? `回滚到 ${release}…` : '回滚…'),
    dismiss: '暂不处理',
    consent: '未经批准不会执行任何操作。',
    resolved: at => `告警已于 ${at} 恢复。`,
    closed: '已关闭。',
    dismissed: '已搁置。仍可使用 `/rollback`。',
    taken: run => `已受理：${run}。`,
  },
} as const satisfies Record<Locale, Words>;

/** The proposal that an alert brings, unprompted: the facts, no cause claimed; a button only where a release went live shortly before. */
export function proposalScreen(view: ProposalView): Screen {
  const { proposal, locale } = view;
  const w: Words = words[locale];
  const { episode, suspect, good } = proposal;
  const what = esc(episode.summary || episode.name, quoted.fact);
  const colon = locale === 'en' ? ': ' : '：';
  const mark = proposal.status === 'open' ? marks.alert : marks.ended;
  return draw(
    {
      head: `${mark} ${place(proposal.target)}${colon}${w.since(what, when(view, episode.startedAt))}`,
      lines: [
        suspect ? w.live(version(suspect), when(view, suspect.liveSince)) : w.noRelease,
        good ? w.good(version(good), gradeName(good.grade, locale), span(good.liveMs, locale)) : w.noGood,
        outcome(view, w),
      ],
      buttons: buttons(proposal, w, locale),
      foot: proposal.status === 'open' ? w.consent : null,
    },
    locale,
  );
}

function outcome(view: ProposalView, w: Words): Line {
  const { proposal } = view;
  if (proposal.status === 'open') return null;
  if (proposal.status === 'dismissed') return w.dismissed;
  if (proposal.status === 'taken' && proposal.run) return w.taken(shortRunId(proposal.run));
  const { resolvedAt } = proposal.episode;
  return resolvedAt === null ? w.closed : w.resolved(when(view, resolvedAt));
}

function buttons(proposal: Proposal, w: Words, locale: Locale): readonly ButtonDraft[] {
  if (proposal.status === 'taken' && proposal.run) return [openButton(proposal.run, locale)];
  if (proposal.status !== 'open' || !proposal.suspect) return [];
  const value = buttonValue(proposal.id, proposal.version);
  return [
    { action: 'proposal-take', text: w.take(proposal.good?.version ?? null), value, style: 'primary' },
    { action: 'proposal-dismiss', text: w.dismiss, value },
  ];
}

function gradeName(grade: string, locale: Locale): string {
  const known = grades.find((one): one is Grade => one === grade);
  return known ? gradeWords[locale][known] : esc(grade);
}
