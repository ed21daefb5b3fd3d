import type { NoteTable } from './table.ts';

/** What git shows and what is done there. */
export const gitNotes = {} satisfies NoteTable;
