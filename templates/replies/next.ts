import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { NextStep } from '../data.ts';
import type { ButtonDraft } from '../draft.ts';
import { code } from '../escape.ts';
import type { ActionId } from '../ids.ts';

interface Words {
  readonly form: string;
  readonly release: (version: string) => string;
  readonly level: (level: number) => string;
  readonly open: (run: string) => string;
  readonly notify: string;
  readonly replace: string;
  readonly typed: string;
}

const words = {
  en: {
    form: 'Open the form…',
    release: version => `Choose ${version}…`,
    level: level => `Use level ${level}…`,
    open: run => `Open ${run}`,
    notify: 'Tell me when done',
    replace: 'Replace it…',
    typed: 'Next:',
  },
  'zh-CN': {
    form: '打开表单…',
    release: version => `选择 ${version}…`,
    level: level => `改用级别 ${level}…`,
    open: run => `查看 ${run}`,
    notify: '完成后通知我',
    replace: '取代它…',
    typed: '下一步：',
  },
} as const satisfies Record<Locale, Words>;

const actions = {
  form: 'form-open',
  'choose-release': 'form-open',
  'use-level': 'form-open',
  'open-run': 'run-open',
  notify: 'run-notify',
  replace: 'run-replace',
} as const satisfies Record<NextStep['kind'], ActionId>;

/** Draws ways on as buttons; a message holds each action once, so the first of a kind is taken. */
export function nextButtons(steps: readonly NextStep[], locale: Locale): readonly ButtonDraft[] {
  const firsts = steps.filter((step, at) => steps.findIndex(one => actions[one.kind] === actions[step.kind]) === at);
  return firsts.map(step => ({ action: actions[step.kind], text: textOf(step, words[locale]), value: step.value }));
}

/** Says ways on as commands, for a terminal. */
export function nextTyped(steps: readonly NextStep[], locale: Locale): readonly string[] {
  return steps.flatMap(step => (step.command ? [`${words[locale].typed} ${code(step.command)}`] : []));
}

function textOf(step: NextStep, w: Words): string {
  switch (step.kind) {
    case 'choose-release':
      return w.release(step.version);
    case 'use-level':
      return w.level(step.level);
    case 'open-run':
      return w.open(shortRunId(step.run));
    default:
      return w[step.kind];
  }
}
