import type { NoteTable } from '../notes/table.ts';
import { folderCauses } from './folder.ts';
import { planningCauses } from './planning.ts';
import { settlingCauses } from './settling.ts';
import { trafficCauses } from './traffic.ts';

/** What is behind a reason, by the code under its fact `why` or `cause`: a clause after the reason's own sentence. */
export const causes: NoteTable = { ...planningCauses, ...folderCauses, ...trafficCauses, ...settlingCauses };
