import type { NoteTable } from './table.ts';

/** What the checks say. */
export const checksNotes = {} satisfies NoteTable;
