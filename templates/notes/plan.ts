import type { NoteTable } from './table.ts';

/** What planning says. */
export const planNotes = {} satisfies NoteTable;
