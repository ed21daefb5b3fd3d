import type { NoteTable } from './table.ts';

/** What a command step or check says. */
export const commandNotes = {} satisfies NoteTable;
