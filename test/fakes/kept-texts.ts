import type { KeptTexts } from '../../src/ports/kept-texts.ts';

/** Kept texts that live as long as the test; `texts` shows them. */
export function keptInMemory(): KeptTexts & { readonly texts: ReadonlyMap<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    read: async names => names.map(name => texts.get(name) ?? null),
    keep: async (name, text) => {
      texts.set(name, text);
      return true;
    },
  };
}
