import type { LevelChecklist } from './items.ts';
import { level1 } from './level-1.ts';
import { level2 } from './level-2.ts';
import { level3 } from './level-3.ts';
import { level4 } from './level-4.ts';

/** The checklists a catalogue can refer to by name without writing them. */
export const levelChecklists: readonly LevelChecklist[] = [level1, level2, level3, level4];
