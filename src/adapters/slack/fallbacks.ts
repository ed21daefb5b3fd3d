import type { KnownBlock } from '@slack/types';
import type { Screen } from '../../domain/screen.ts';

/** Slack's limits that any message must keep; chat.update refuses longer texts. */
const most = { text: 4000, blocks: 50 } as const;

/** Blocks that every workspace knows. */
const classicTypes = new Set(['section', 'header', 'divider', 'context', 'actions', 'image']);

/** One way to show a screen, and what goes along as files so that nothing is lost. */
export interface Shown {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  readonly files: readonly { readonly name: string; readonly content: string }[];
}

const cut = (text: string, limit: number): string => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

/** A message must say something even where a screen has blocks only. */
const spoken = (text: string): string => (text.trim() === '' ? '…' : text);

function files(screen: Screen, whole: boolean): Shown['files'] {
  const own = screen.file ? [screen.file] : [];
  return whole ? own : [...own, { name: 'message.txt', content: screen.text }];
}

/** The screen as drawn; what is too long is cut with a mark, and the full text goes along. */
export function asDrawn(screen: Screen): Shown {
  const blocks = screen.blocks as readonly KnownBlock[];
  const fits = screen.text.length <= most.text && blocks.length <= most.blocks;
  const rest: KnownBlock = { type: 'context', elements: [{ type: 'plain_text', text: '…' }] };
  return {
    text: spoken(cut(screen.text, most.text)),
    blocks: blocks.length <= most.blocks ? blocks : [...blocks.slice(0, most.blocks - 1), rest],
    files: files(screen, fits),
  };
}

/** The screen with the blocks that every workspace knows; null where that changes nothing. */
export function asClassic(screen: Screen): Shown | null {
  const drawn = asDrawn(screen);
  const blocks = drawn.blocks.filter(block => classicTypes.has(block.type));
  return blocks.length === drawn.blocks.length || blocks.length === 0 ? null : { ...drawn, blocks };
}

/** The screen's text alone, short enough for every method. */
export function asText(screen: Screen): Shown {
  return {
    text: spoken(cut(screen.text, most.text - 1000)),
    blocks: [],
    files: files(screen, screen.text.length <= most.text - 1000),
  };
}
