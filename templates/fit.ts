import type { Locale } from '../src/domain/catalogue.ts';
import type { Screen } from '../src/domain/screen.ts';
import { limits } from './limits.ts';

const words = {
  en: { cut: '… cut here; the whole text is in the file', file: 'whole-text.txt' },
  'zh-CN': { cut: '……此处截断，全文见文件', file: 'whole-text.txt' },
} as const satisfies Record<Locale, { cut: string; file: string }>;

interface TextBlock {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string };
}

/** Brings a screen within Slack's limits: cuts at a line or word, marks the cut, and sends the whole text along as a file. */
export function fitScreen(screen: Screen, locale: Locale): Screen {
  const { cut, file } = words[locale];
  const sized = screen.blocks.map(block => fitBlock(block as TextBlock, cut));
  const blocks = fewer(sized, cut);
  const text = shorten(screen.text, limits.text, cut);
  const whole = blocks.length === screen.blocks.length && blocks.every((block, at) => block === screen.blocks[at]);
  if (whole && text === screen.text) return screen;
  return { text, blocks, file: screen.file ?? { name: file, content: screen.text } };
}

function fitBlock(block: TextBlock, cut: string): object {
  if (block.type !== 'section' || !block.text || block.text.text.length <= limits.section) return block;
  return { ...block, text: { ...block.text, text: shorten(block.text.text, limits.section, cut) } };
}

/** Keeps the first sections and whatever can be pressed: buttons are never what falls off. */
function fewer(blocks: readonly object[], cut: string): readonly object[] {
  if (blocks.length <= limits.blocks) return blocks;
  const kept = blocks.filter(block => (block as TextBlock).type === 'actions');
  const shown = blocks.filter(block => (block as TextBlock).type !== 'actions');
  const note = { type: 'context', elements: [{ type: 'mrkdwn', text: cut }] };
  return [...shown.slice(0, limits.blocks - kept.length - 1), note, ...kept];
}

/** Cuts a text that is too long at its last line or word, never within an escape or a mention, and says so. */
function shorten(text: string, most: number, cut: string): string {
  if (text.length <= most) return text;
  const room = text.slice(0, most - cut.length - 1);
  const line = room.lastIndexOf('\n');
  const at = line > room.length / 2 ? line : Math.max(room.lastIndexOf(' '), room.length - 40);
  const kept = room.slice(0, at).toWellFormed();
  return `${kept.replace(/(?:&[a-z]{0,4}|<[^>\n]*|\ufffd)$/, '')}\n${cut}`;
}
