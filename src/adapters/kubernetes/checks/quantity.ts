const units: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** Reads a quantity as Kubernetes writes it (`250m`, `300Mi`, `1e3`) in cores or bytes; NaN where it is none. */
export function quantityOf(text: string | number | null | undefined): number {
  if (typeof text === 'number') return text;
  const found = /^(?<number>\d+(\.\d+)?([eE][+-]?\d+)?)(?<unit>[a-zA-Z]{0,2})$/.exec(text ?? '')?.groups;
  const unit = found ? units[found.unit ?? ''] : undefined;
  return unit === undefined ? Number.NaN : Number(found?.number) * unit;
}

/** Writes cores or bytes for people. */
export function shownQuantity(resource: 'cpu' | 'memory', value: number): string {
  if (resource === 'cpu') return `${Math.round(value * 1000)}m`;
  return `${Math.round(value / 2 ** 20)}Mi`;
}
