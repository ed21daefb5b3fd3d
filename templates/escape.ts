import { quoted } from './limits.ts';

/** What no reader should get from foreign text: control characters, and invisible ones that hide or reorder words. */
const unseen = /(?!\u200d)\p{Cf}/gu;
const breaks = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;

/** Makes foreign text one visible line of at most `most` characters, marking what was cut; not yet escaped. */
export function clean(text: string, most: number): string {
  const line = visible(text);
  return line.length <= most ? line : `${upTo(line, most - 1)}…`;
}

const visible = (text: string) => text.toWellFormed().replace(breaks, ' ').replace(unseen, '').trim();

function upTo(line: string, most: number): string {
  return line
    .slice(0, most)
    .toWellFormed()
    .replace(/\ufffd$/, '');
}

/** Escapes for Slack: nothing foreign can mention, link or ping. */
function entities(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The one way by which foreign text gets into a message: one visible line, clipped, escaped for Slack. */
export function esc(text: string | number, most: number = quoted.fact): string {
  return entities(clean(String(text), most));
}

/** What a program or server said, cut in its middle: its first words say what it is about, its last what went wrong. */
export function excerpt(text: string, most: number = quoted.detail): string {
  const line = visible(text);
  if (line.length <= most) return entities(line);
  const head = Math.floor(most / 4);
  const tail = line
    .slice(line.length - (most - head - 3))
    .toWellFormed()
    .replace(/^\ufffd/, '');
  return entities(`${upTo(line, head)} … ${tail}`);
}

/** Foreign text as inline code. */
export function code(text: string, most: number = quoted.detail): string {
  return `\`${esc(text.replaceAll('`', 'ˋ'), most) || ' '}\``;
}

/** Foreign text for buttons, options and titles, which Slack shows as it is. */
export function plain(text: string, most: number): string {
  return clean(text.replace(/[<>]/g, ''), most) || '–';
}

/** A screen's text as a terminal shows it: Slack's escapes turned back. */
export function forTerminal(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A file's text as a terminal shows it: its lines and tabs, and no sign by which foreign text could steer the terminal or hide itself. */
export function fileForTerminal(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n/g, '\n')
    .replace(/(?![\n\t])\p{Cc}/gu, '\ufffd')
    .replace(unseen, '');
}
