import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Form } from '../../src/domain/screen.ts';
import type { ReasonFormData } from '../data.ts';
import { draw, paragraph } from '../draft.ts';
import { esc } from '../escape.ts';
import { change, place } from '../facts.ts';
import type { FormId } from '../ids.ts';
import { marks } from '../marks.ts';
import { reasonInput } from './inputs.ts';

/** The forms that ask for a reason and nothing else. */
export type ReasonFormId = Exclude<FormId, 'request'>;

interface Words {
  readonly title: string;
  readonly submit: string;
  /** What happens then. */
  readonly effect: string;
}

const shared = {
  en: {
    close: 'Back',
    reason: 'Reason',
    hint: 'It stands in the record.',
    bad: (release: string) => `${release} is known to be bad.`,
    unopened: 'The form could not be opened. Press the button again, or use the command.',
  },
  'zh-CN': {
    close: '返回',
    reason: '原因',
    hint: '将写入记录。',
    bad: (release: string) => `${release} 已知有问题。`,
    unopened: '表单未能打开。请再点一次按钮，或使用命令。',
  },
} as const satisfies Record<Locale, object>;

const words = {
  en: {
    reject: {
      title: 'Reject the rollback',
      submit: 'Reject',
      effect: 'The run ends. Nothing has changed, and nothing will.',
    },
    stop: {
      title: 'Stop the rollback',
      submit: 'Stop',
      effect: 'The step that runs now is finished. Then what was changed is put back and verified.',
    },
    undo: {
      title: 'Undo the rollback',
      submit: 'Ask for approval',
      effect: 'A new run is planned that brings back what this rollback replaced. It needs the same approval.',
    },
    'mark-done': {
      title: 'Mark the step done',
      submit: 'Mark done',
      effect: 'You answer for it that the step is done. Backout goes on with the next, and verifies at the end.',
    },
    'put-back': {
      title: 'Put the old state back',
      submit: 'Put back',
      effect: 'Every step is taken back, the last one first. Then the state before is verified.',
    },
    'next-level': {
      title: 'Go to the next level',
      submit: 'Ask for approval',
      effect: 'This run closes as partial. A linked run is planned from the next level on and needs its own approval.',
    },
    emergency: {
      title: 'Begin the emergency plan',
      submit: 'Ask for approval',
      effect: 'This run closes as partial. A linked run of the emergency plan is planned and needs its own approval.',
    },
    'close-partial': {
      title: 'Close as partial',
      submit: 'Close',
      effect: 'The run ends with what is left as it is, under your name. The lock is given up.',
    },
  },
  'zh-CN': {
    reject: { title: '驳回回滚', submit: '驳回', effect: '本次回滚就此结束，没有也不会有任何改动。' },
    stop: { title: '中止回滚', submit: '中止', effect: '先完成当前步骤，再恢复已做的改动并验证。' },
    undo: {
      title: '撤销回滚',
      submit: '提交审批',
      effect: '将另行计划，恢复这次回滚所替换的内容，须经同样的审批。',
    },
    'mark-done': {
      title: '将步骤标为已完成',
      submit: '标为已完成',
      effect: '由您确认该步骤已完成。Backout 将继续下一步，最后仍会验证。',
    },
    'put-back': {
      title: '恢复到回滚前状态',
      submit: '恢复',
      effect: '按相反顺序逐步恢复，然后验证回滚前的状态。',
    },
    'next-level': {
      title: '进入下一级别',
      submit: '提交审批',
      effect: '本次按部分完成关闭。将从下一级别起另行计划，须另行审批。',
    },
    emergency: {
      title: '启动应急预案',
      submit: '提交审批',
      effect: '本次按部分完成关闭。将按应急预案另行计划，须另行审批。',
    },
    'close-partial': {
      title: '按部分完成关闭',
      submit: '关闭',
      effect: '本次以您的名义结束，遗留状态保持不变，并释放锁。',
    },
  },
} as const satisfies Record<Locale, Record<ReasonFormId, Words>>;

/** A form that says what will happen and asks why; its value stands under `reason`. */
export function reasonForm(locale: Locale, id: ReasonFormId, { run, metadata, knownBad }: ReasonFormData): Form {
  const { title, submit, effect }: Words = words[locale][id];
  const w = shared[locale];
  const facts = `*${place(run.request.target)}* · ${change({ catalogue: null, locale }, run)} · ${shortRunId(run.id)}`;
  const warning = knownBad ? [paragraph(`${marks.warning} ${w.bad(esc(knownBad))}`)] : [];
  return {
    id,
    title,
    submit,
    close: w.close,
    metadata,
    blocks: [paragraph(`${facts}\n${effect}`), ...warning, reasonInput(w.reason, w.hint, null)],
    fallback: draw({ head: w.unopened, lines: [] }, locale),
  };
}
