import type { Locale } from '../../src/domain/catalogue.ts';
import type { Level } from '../../src/domain/level.ts';

/** A named list of things to look at after a rollback of one level. */
export interface LevelChecklist {
  readonly name: string;
  readonly level: Level;
  readonly items: readonly { readonly id: string; readonly text: Readonly<Record<Locale, string>> }[];
}

/** Writes one item in both languages. */
export function item(id: string, en: string, zh: string): LevelChecklist['items'][number] {
  return { id, text: { en, 'zh-CN': zh } };
}
