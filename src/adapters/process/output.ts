import { StringDecoder } from 'node:string_decoder';

/** How much of each end of a stream is kept, in characters. */
const kept = 32_768;
/** Shorter values would blot out ordinary words. */
const shortestSecret = 4;

/** Collects a stream's text with secrets blotted out as it comes, so that no chunk border or cut splits one; keeps head and tail. */
export interface Output {
  add(chunk: Buffer): void;
  end(): string;
}

/** Makes a collector that blots out these values, in the forms in which programs print them. */
export function createOutput(secrets: readonly string[]): Output {
  const decoder = new StringDecoder('utf8');
  const blotted = forms(secrets);
  const holdBack = Math.max(0, ...blotted.map(form => form.length - 1));
  let carry = '';
  let head = '';
  let tail = '';
  let dropped = 0;
  const keep = (text: string): void => {
    const room = kept - head.length;
    head += text.slice(0, room);
    tail += text.slice(room);
    if (tail.length <= kept * 2) return;
    dropped += tail.length - kept;
    tail = tail.slice(-kept);
  };
  const take = (text: string, last: boolean): void => {
    const clean = blotOut(carry + text, blotted);
    const cut = last ? clean.length : Math.max(0, clean.length - holdBack);
    keep(clean.slice(0, cut));
    carry = clean.slice(cut);
  };
  return {
    add: chunk => take(decoder.write(chunk), false),
    end: () => {
      take(decoder.end(), true);
      const over = dropped + Math.max(0, tail.length - kept);
      return over ? `${head}\n… ${over} characters left out …\n${tail.slice(-kept)}` : head + tail;
    },
  };
}

function blotOut(text: string, blotted: readonly string[]): string {
  return blotted.reduce((clean, form) => clean.replaceAll(form, '[redacted]'), text);
}

function forms(secrets: readonly string[]): string[] {
  const all = secrets.flatMap(secret => [
    secret,
    secret.trim(),
    ...secret.split(/\r?\n/).filter(line => line.length >= shortestSecret * 2),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
  ]);
  return [...new Set(all)].filter(form => form.length >= shortestSecret).sort((a, b) => b.length - a.length);
}
