/** One line of a comparison: kept, taken away or added. */
interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Lines kept around each change. */
const context = 2;

/** Compares line by line by the longest common subsequence; texts are templates of some hundred lines. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (row: number, column: number) => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    const current = lengths[row];
    if (!current) continue;
    for (let column = after.length - 1; column >= 0; column -= 1) {
      const same = before[row] === after[column];
      current[column] = same ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let row = 0;
  let column = 0;
  while (row < before.length || column < after.length) {
    const [was, is] = [before[row], after[column]];
    if (was !== undefined && was === is) {
      lines.push({ mark: ' ', text: was });
      row += 1;
      column += 1;
    } else if (is === undefined || (was !== undefined && at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ mark: '-', text: was ?? '' });
      row += 1;
    } else {
      lines.push({ mark: '+', text: is });
      column += 1;
    }
  }
  return lines;
}

/** A unified diff of two texts with two lines of context; empty where they are equal. */
export function unifiedDiff(
  names: { readonly before: string; readonly after: string },
  before: string,
  after: string,
): string {
  const lines = compare(before.trimEnd().split('\n'), after.trimEnd().split('\n'));
  const shown = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(line => line.mark !== ' '),
  );
  if (!shown.includes(true)) return '';
  const out = [`--- ${names.before}`, `+++ ${names.after}`];
  let [oldLine, newLine] = [1, 1];
  for (let start = 0; start < lines.length; start += 1) {
    if (!shown[start]) {
      oldLine += 1;
      newLine += 1;
      continue;
    }
    let end = start;
    while (end < lines.length && shown[end]) end += 1;
    const hunk = lines.slice(start, end);
    const [gone, come] = ['+', '-'].map(other => hunk.filter(line => line.mark !== other).length);
    out.push(`@@ -${oldLine},${gone} +${newLine},${come} @@`, ...hunk.map(line => line.mark + line.text));
    oldLine += gone ?? 0;
    newLine += come ?? 0;
    start = end - 1;
  }
  return out.join('\n');
}
