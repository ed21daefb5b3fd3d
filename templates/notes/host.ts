import type { NoteTable } from './table.ts';

/** What pm2 and env files show and what is done there. */
export const hostNotes = {} satisfies NoteTable;
