import { clean, forTerminal } from './escape.ts';

/** Foreign text as one line of Markdown: nothing in it makes a heading, link, image, tag or table cell. */
export function md(text: string, most = 1_000): string {
  return clean(forTerminal(text), most).replace(/[\\`*_[\]<>|#~!]/g, '\\$&');
}

/** Words of our own with facts already escaped for Slack, as Markdown. */
export function mdSaid(text: string): string {
  return md(text, 4_000);
}

/** A Markdown table; cells are escaped already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A fenced block that its content cannot close. */
export function fence(content: string, language: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(run => run[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${content.trimEnd()}\n${ticks}`;
}
