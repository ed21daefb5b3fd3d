import type { ExternalSelect, InputBlock, PlainTextElement, PlainTextOption, StaticSelect } from '@slack/types';
import { clean, plain } from '../escape.ts';
import type { BlockId, SelectId } from '../ids.ts';
import { limits } from '../limits.ts';

/** One choice of a select. */
export interface Choice {
  readonly text: string;
  readonly value: string;
}

/** A select before it is drawn. */
export interface SelectDraft {
  readonly id: BlockId;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: string | null;
  readonly placeholder: string;
  readonly hint?: string | null;
  /** Where a change is told to the front door, the action id by which. */
  readonly tells?: SelectId;
}

/** Plain text as Slack's text object. */
export function words(text: string, most: number): PlainTextElement {
  return { type: 'plain_text', text: plain(text, most), emoji: true };
}

/** Draws one choice within the limits; a value that is too long cannot be chosen, so it is left out by the caller. */
function option(choice: Choice): PlainTextOption {
  return { text: words(choice.text, limits.optionText), value: choice.value };
}

/** Draws a select; up to 100 choices are listed (Slack searches in them), more are searched by the front door as somebody types. */
export function select(draft: SelectDraft): InputBlock {
  const choices = draft.choices.filter(choice => choice.value !== '' && choice.value.length <= limits.optionValue);
  const chosen = choices.find(choice => choice.value === draft.chosen);
  const shared = {
    action_id: draft.tells ?? draft.id,
    placeholder: words(draft.placeholder, limits.placeholder),
    ...(chosen ? { initial_option: option(chosen) } : {}),
  };
  const element: StaticSelect | ExternalSelect =
    choices.length > limits.options && draft.tells
      ? { type: 'external_select', min_query_length: 0, ...shared }
      : { type: 'static_select', options: choices.slice(0, limits.options).map(option), ...shared };
  return {
    type: 'input',
    block_id: draft.id,
    label: words(draft.label, limits.inputLabel),
    element,
    ...(draft.hint ? { hint: words(draft.hint, limits.inputHint) } : {}),
    ...(draft.tells ? { dispatch_action: true } : {}),
  } satisfies InputBlock;
}

/** Draws the field for a reason. */
export function reasonInput(label: string, placeholder: string, initial: string | null): InputBlock {
  return {
    type: 'input',
    block_id: 'reason',
    label: words(label, limits.inputLabel),
    element: {
      type: 'plain_text_input',
      action_id: 'reason',
      multiline: true,
      min_length: 3,
      max_length: limits.reason,
      placeholder: words(placeholder, limits.placeholder),
      ...(initial ? { initial_value: clean(initial, limits.reason) } : {}),
    },
  } satisfies InputBlock;
}
