import type { NoteTable } from './table.ts';

/** Why a release has its grade, and why it may or may not be taken. */
export const releasesNotes = {} satisfies NoteTable;
