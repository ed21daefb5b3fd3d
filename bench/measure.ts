/** The value below which so many per cent of the values lie (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Milliseconds for reading: two places below 10, one below 100, none above. */
export function ms(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** A median with its range. */
export function medianRange(values: readonly number[], unit = 'ms'): string {
  return `${ms(median(values))} [${ms(Math.min(...values))}–${ms(Math.max(...values))}] ${unit}`;
}

/** Median and 99th percentile. */
export function spread(values: readonly number[]): string {
  return `p50 ${ms(median(values))}, p99 ${ms(percentile(values, 99))} ms`;
}

/** A ratio for reading. */
export function times(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)}×`;
}

/** Milliseconds of a clock that all processes of the machine share and nobody sets. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Measures two things in turn, so that whatever else the machine does meets both; answers the repeats of each in order. */
export async function interleave<A, B>(
  repeats: number,
  ours: (repeat: number) => Promise<A>,
  rival: (repeat: number) => Promise<B>,
): Promise<{ readonly ours: readonly A[]; readonly rival: readonly B[] }> {
  const found = { ours: [] as A[], rival: [] as B[] };
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    found.ours.push(await ours(repeat));
    found.rival.push(await rival(repeat));
  }
  return found;
}
