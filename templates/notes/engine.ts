import type { NoteTable } from './table.ts';

/** What the engine says of a run's work. */
export const engineNotes = {} satisfies NoteTable;
