/** Nothing that is told to us happened before 1971 or after 2200: such times mean "not set". */
const earliest = 31_536_000_000;
const latest = 7_258_118_400_000;

/**
 * Reads a time as senders write it, as epoch ms: ISO 8601 with up to nine decimals, an offset with or without colon, a blank for the `T`;
 * numbers are s, ms, µs or ns by their size. Null where it is none, year 1 or epoch 0.
 */
export function readMoment(value: string | number | null | undefined): number | null {
  const ms = typeof value === 'number' ? fromNumber(value) : fromText(value ?? '');
  return ms !== null && Number.isFinite(ms) && ms >= earliest && ms <= latest ? Math.floor(ms) : null;
}

function fromNumber(value: number): number {
  if (value < 1e11) return value * 1_000;
  if (value < 1e14) return value;
  return value < 1e17 ? value / 1e3 : value / 1e6;
}

function fromText(text: string): number | null {
  const said = text.trim();
  if (/^\d{9,19}$/.test(said)) return fromNumber(Number(said));
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i.exec(said);
  if (!parts) return null;
  const [, day, time, fraction = '', zone = 'Z'] = parts;
  const offset = /^(z|utc)$/i.test(zone) ? 'Z' : zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  return Date.parse(`${day}T${time}${fraction.slice(0, 4)}${offset}`);
}
