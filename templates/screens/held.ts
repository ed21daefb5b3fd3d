import type { Locale } from '../../src/domain/catalogue.ts';
import { heldOperations } from '../../src/domain/held.ts';
import { shortRunId, targetParts } from '../../src/domain/ids.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw } from '../draft.ts';
import { code, esc } from '../escape.ts';
import { marks } from '../marks.ts';
import type { RunView } from '../view.ts';

interface Words {
  readonly still: (objects: string) => string;
  readonly why: string;
  readonly next: (command: string) => string;
}

const words = {
  en: {
    still: objects => `Still suspended since this rollback: ${objects}`,
    why: 'Nothing that is changed in Git reaches this service meanwhile.',
    next: command => `Once Git holds what runs here: ${command} asks to resume it.`,
  },
  'zh-CN': {
    still: objects => `自本次回滚起仍处于暂停：${objects}`,
    why: '在此期间，Git 中的改动不会到达该服务。',
    next: command => `当 Git 与现有运行内容一致后：用 ${command} 申请恢复同步。`,
  },
} as const satisfies Record<Locale, Words>;

/** The reminder of what a run left suspended, until somebody releases its hold. */
export function heldScreen({ run: { run }, locale }: RunView): Screen {
  const w: Words = words[locale];
  const { service, environment } = targetParts(run.request.target);
  const version = run.plan?.to && run.plan.from ? run.plan.from.version : shortRunId(run.id);
  const objects = heldOperations(run).map(({ object }) => esc(object));
  const command = code(`/rollback release-hold ${service} in ${environment} ${version}`);
  return draw(
    {
      head: `${marks.waiting} ${w.still(objects.join(locale === 'en' ? ', ' : '、'))}`,
      lines: [w.why, w.next(command)],
      foot: shortRunId(run.id),
    },
    locale,
  );
}
