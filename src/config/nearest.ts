import { distance } from 'fastest-levenshtein';

const plain = (name: string) => name.toLowerCase().replaceAll(/[\s._-]/g, '');

/** The known name that somebody who wrote `name` most likely meant; null where none comes close. */
export function nearest(name: string, known: Iterable<string>): string | null {
  const wanted = plain(name);
  if (!wanted) return null;
  let best: string | null = null;
  let least = Math.max(wanted.length > 3 ? 2 : 1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const far = distance(wanted, plain(candidate));
    if (far < least) {
      best = candidate;
      least = far;
    }
  }
  return best;
}

/** The tail of a sentence about an unknown name: `, did you mean …?` or, where nothing comes close, what there is. */
export function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  if (near) return `, did you mean \`${near}\`?`;
  if (known.length === 0 || known.length > 12) return '';
  return `; there is ${known.map(one => `\`${one}\``).join(', ')}`;
}
