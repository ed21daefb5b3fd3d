/** One line of the table: what was measured, beside the rival of the same run, against its bar. */
export interface Figure {
  readonly what: string;
  readonly ours: string;
  readonly rival: string;
  readonly ratio: string;
  readonly bar: string;
  /** Null where nothing could be measured, or where the line has no bar and only informs. */
  readonly met: boolean | null;
}

/** A benchmark: what it is called by on the command line, and how it is run. */
export interface Bench {
  readonly name: string;
  run(say: (progress: string) => void): Promise<readonly Figure[]>;
}

const columns = ['what', 'ours', 'rival', 'ratio', 'bar', 'met'] as const;

/** Draws the table in plain text, every column as wide as its widest cell. */
export function drawTable(figures: readonly Figure[]): string {
  const rows = [
    [...columns],
    ...figures.map(({ met, ...figure }) => [
      ...columns.slice(0, -1).map(column => figure[column as Exclude<typeof column, 'met'>]),
      met === null ? '–' : met ? 'yes' : 'NO',
    ]),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  const [head = [], ...rest] = rows;
  return [line(head), widths.map(width => '-'.repeat(width)).join('  '), ...rest.map(line)].join('\n');
}
