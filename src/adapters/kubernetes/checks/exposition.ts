/** One sample of Prometheus' text form. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const pair = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
const escapes: Readonly<Record<string, string>> = { n: '\n' };
const special: Readonly<Record<string, number>> = {
  '+Inf': Number.POSITIVE_INFINITY,
  Inf: Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

/** The samples of one series in a text; lines of another form are passed over. A value that is no number reads as NaN. */
export function samplesOf(text: string, series: string): Sample[] {
  return text.split('\n').flatMap(line => {
    if (!line.startsWith(series)) return [];
    const rest = line.slice(series.length);
    if (rest.startsWith('{')) return labelled(rest.slice(1));
    return /^\s/.test(rest) ? [{ labels: {}, value: numberOf(rest) }] : [];
  });
}

function labelled(text: string): Sample[] {
  const labels: Record<string, string> = {};
  let at = 0;
  for (;;) {
    pair.lastIndex = at;
    const found = pair.exec(text);
    if (!found) break;
    labels[found[1] ?? ''] = (found[2] ?? '').replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
    at = pair.lastIndex;
  }
  const rest = text.slice(at).trimStart();
  return rest.startsWith('}') ? [{ labels, value: numberOf(rest.slice(1)) }] : [];
}

function numberOf(text: string): number {
  const [word = ''] = text.trim().split(/\s+/);
  return special[word] ?? (word === '' ? Number.NaN : Number(word));
}
