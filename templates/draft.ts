import type { ActionsBlock, Button, ContextBlock, KnownBlock, SectionBlock } from '@slack/types';
import type { Locale } from '../src/domain/catalogue.ts';
import type { Screen } from '../src/domain/screen.ts';
import { plain } from './escape.ts';
import { fitScreen } from './fit.ts';
import type { ActionId } from './ids.ts';
import { limits } from './limits.ts';

/** One line of a screen: words, or a label with a value; null lines are left out. */
export type Line = string | { readonly label: string; readonly value: string } | null;

/** A button before it is drawn. */
export interface ButtonDraft {
  readonly action: ActionId;
  readonly text: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
}

/** A screen before it is drawn: the facts in their order, then what can be done. */
export interface Draft {
  readonly head: string;
  readonly lines: readonly Line[];
  /** Further paragraphs, each its own section. */
  readonly more?: readonly (readonly Line[])[];
  readonly buttons?: readonly (ButtonDraft | null)[];
  /** Small print under the buttons. */
  readonly foot?: string | null;
  /** Said only where there are no buttons to press: on a terminal. */
  readonly typed?: readonly string[];
  readonly file?: Screen['file'];
}

/** Draws a screen: blocks for Slack, and the same words as text for terminals, notifications and fallbacks, both within the limits. */
export function draw(draft: Draft, locale: Locale): Screen {
  const paragraphs = [[`*${draft.head}*`, ...draft.lines], ...(draft.more ?? [])];
  const sections = paragraphs.map(lines => marked(lines, locale)).filter(text => text !== '');
  const buttons = (draft.buttons ?? []).filter(button => button !== null);
  const blocks: KnownBlock[] = sections.map(paragraph);
  if (buttons.length > 0) blocks.push(actions(buttons));
  if (draft.foot) blocks.push(context(draft.foot));
  const words = [draft.head, ...draft.lines, ...(draft.more ?? []).flat(), draft.foot ?? null, ...(draft.typed ?? [])];
  const text = words.filter(line => line !== null).map(line => unmarked(line, locale));
  return fitScreen({ text: text.join('\n'), blocks, ...(draft.file ? { file: draft.file } : {}) }, locale);
}

/** A paragraph of a message or form. */
export function paragraph(text: string): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } } satisfies SectionBlock;
}

function context(text: string): ContextBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] } satisfies ContextBlock;
}

function actions(drafts: readonly ButtonDraft[]): ActionsBlock {
  return { type: 'actions', elements: drafts.map(button) } satisfies ActionsBlock;
}

function button(draft: ButtonDraft): Button {
  return {
    type: 'button',
    action_id: draft.action,
    text: { type: 'plain_text', text: plain(draft.text, limits.buttonText), emoji: true },
    value: draft.value,
    ...(draft.style ? { style: draft.style } : {}),
  } satisfies Button;
}

function marked(lines: readonly Line[], locale: Locale): string {
  const written = lines.filter(line => line !== null);
  return written
    .map(line => (typeof line === 'string' ? line : `*${line.label}${colon[locale]}* ${line.value}`))
    .join('\n');
}

function unmarked(line: Exclude<Line, null>, locale: Locale): string {
  return typeof line === 'string' ? line : `${line.label}${colon[locale]}${locale === 'en' ? ' ' : ''}${line.value}`;
}

const colon = { en: ':', 'zh-CN': '：' } as const satisfies Record<Locale, string>;
