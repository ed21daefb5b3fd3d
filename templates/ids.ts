/**
 * Every button, by action id. A message holds each at most once. A button's value is `buttonValue(run or proposal, version, extra)`;
 * `extra` is the index of the check in the plan for `check-pass` and `check-fail`. The value of `form-open` is the front door's own.
 */
export const actionIds = [
  'run-approve',
  'run-reject',
  'run-diff',
  'run-cancel',
  'run-stop',
  'run-undo',
  'run-open',
  'run-notify',
  'run-logs',
  'run-replace',
  'operator-continue',
  'operator-mark-done',
  'operator-put-back',
  'operator-next-level',
  'operator-emergency',
  'operator-close-partial',
  'check-pass',
  'check-fail',
  'proposal-take',
  'proposal-dismiss',
  'form-open',
] as const;

/** A button's action id. */
export type ActionId = (typeof actionIds)[number];

/** Selects that ask the front door: for options as somebody types, or for the form anew when their value changed. */
export const selectIds = ['select-service', 'select-environment'] as const;

/** A select that asks the front door. */
export type SelectId = (typeof selectIds)[number];

/** Form inputs, by block id: the keys of a submission's values. */
export const blockIds = ['service', 'environment', 'level', 'release', 'scenario', 'reason'] as const;

/** A form input's block id. */
export type BlockId = (typeof blockIds)[number];

/** Forms, by callback id. The metadata of `request` is the front door's own, of the others the value of the button that opened it. */
export const formIds = [
  'request',
  'reject',
  'stop',
  'undo',
  'mark-done',
  'put-back',
  'next-level',
  'emergency',
  'close-partial',
] as const;

/** A form's callback id. */
export type FormId = (typeof formIds)[number];

/** The value of the form's options that stand for "let Backout choose": the level, the release. */
export const suggestValue = 'suggest';
