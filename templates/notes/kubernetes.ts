import type { NoteTable } from './table.ts';

/** What Kubernetes shows and what is done there. */
export const kubernetesNotes = {} satisfies NoteTable;
