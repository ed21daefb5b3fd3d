import type { Locale } from '../../src/domain/catalogue.ts';
import type { LiveSpan, Release } from '../../src/domain/release.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { ReleaseData } from '../data.ts';
import { draw, type Line } from '../draft.ts';
import { code, esc } from '../escape.ts';
import { place } from '../facts.ts';
import { span } from '../notes/table.ts';
import { at } from '../people.ts';
import { sayNote } from '../say.ts';
import { gradeWords, verdictWords } from '../words.ts';
import { nextButtons, nextTyped } from './next.ts';

interface Words {
  readonly grade: string;
  readonly by: (who: string) => string;
  readonly taking: string;
  readonly ran: string;
  readonly never: string;
  readonly still: string;
  readonly soaked: (how: string) => string;
  readonly deployed: string;
  readonly outcomes: Readonly<Record<NonNullable<Release['deployment']>['status'], string>>;
  readonly missing: string;
  readonly gone: string;
  readonly key: string;
  readonly shown: Readonly<Record<string, string>>;
}

const words = {
  en: {
    grade: 'Grade',
    by: who => `by ${who}`,
    taking: 'Going back to it',
    ran: 'Ran',
    never: 'never seen live',
    still: 'now',
    soaked: how => ` (${how} of it alone and well)`,
    deployed: 'Deployed',
    outcomes: { started: 'begun', succeeded: 'done', failed: 'failed', aborted: 'aborted', rolled_back: 'rolled back' },
    missing: 'Missing',
    gone: 'the target shows it no more',
    key: 'Key',
    shown: { revision: 'Revision', history: 'Kept as', cause: 'Change cause' },
  },
  'zh-CN': {
    grade: '评级',
    by: who => `由 ${who}`,
    taking: '能否回到该版本',
    ran: '运行时间',
    never: '从未见其运行',
    still: '现在',
    soaked: how => `（其中 ${how} 独自稳定运行）`,
    deployed: '部署结果',
    outcomes: { started: '已开始', succeeded: '成功', failed: '失败', aborted: '已中止', rolled_back: '已回滚' },
    missing: '缺少',
    gone: '目标已不再显示该版本',
    key: '标识',
    shown: { revision: '修订号', history: '保存为', cause: '变更原因' },
  },
} as const satisfies Record<Locale, Words>;

/** How many stretches of time are shown, the latest first. */
const mostSpans = 5;

/** `show SERVICE RELEASE`: how good it is and why, when it ran, what the target calls it, and what it is made of. */
export function releaseReply(locale: Locale, data: ReleaseData): Screen {
  const w: Words = words[locale];
  const { release, verdict, why, now } = data;
  const colon = locale === 'en' ? ': ' : '：';
  const graded = release.gradedBy === null ? '' : ` ${w.by(at(release.gradedBy))}`;
  const grade = `${gradeWords[locale][release.grade]}${graded}${colon}${sayNote(release.gradeNote, locale)}`;
  const taking = `${verdictWords[locale][verdict]}${why ? `${colon}${sayNote(why, locale)}` : ''}`;
  return draw(
    {
      head: `${place(release.target)}${colon}${esc(release.version)}`,
      lines: [
        { label: w.grade, value: grade },
        { label: w.taking, value: taking },
        ...ranLines(release, now, w, locale),
        deployedLine(release, now, w, locale),
      ],
      more: [targetLines(release, w, locale), madeOf(release, w)],
      buttons: nextButtons(data.next, locale),
      typed: nextTyped(data.next, locale),
    },
    locale,
  );
}

function ranLines({ spans }: Release, now: number, w: Words, locale: Locale): readonly Line[] {
  if (spans.length === 0) return [{ label: w.ran, value: w.never }];
  const shown = spans.toReversed().slice(0, mostSpans);
  return shown.map(stretch => ({ label: w.ran, value: stretchOf(stretch, now, w, locale) }));
}

function stretchOf({ from, until, soakedMs }: LiveSpan, now: number, w: Words, locale: Locale): string {
  const end = until === null ? w.still : clock(until, now, locale);
  const soaked = soakedMs > 0 ? w.soaked(span(soakedMs, locale)) : '';
  return `${clock(from, now, locale)} – ${end}${soaked}`;
}

function deployedLine({ deployment }: Release, now: number, w: Words, locale: Locale): Line {
  if (!deployment) return null;
  const by = deployment.by === null ? '' : ` ${w.by(at(deployment.by))}`;
  return { label: w.deployed, value: `${w.outcomes[deployment.status]} ${clock(deployment.at, now, locale)}${by}` };
}

function targetLines({ seen }: Release, w: Words, locale: Locale): readonly Line[] {
  if (seen === undefined) return [];
  if (seen === null) return [{ label: w.missing, value: w.gone }];
  const shown = Object.entries(seen.shown).map(([name, value]) => ({
    label: w.shown[name] ?? esc(name),
    value: esc(value),
  }));
  return seen.missing ? [...shown, { label: w.missing, value: sayNote(seen.missing, locale) }] : shown;
}

/** Its identity, hashes only; in the order of their names. */
function madeOf({ key, identity }: Release, w: Words): readonly Line[] {
  const parts = Object.entries(identity).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    { label: w.key, value: code(key) },
    ...parts.map(([name, value]) => ({ label: esc(name), value: code(value) })),
  ];
}
