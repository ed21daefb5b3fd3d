import { checksNotes } from './checks.ts';
import { commandNotes } from './command.ts';
import { engineNotes } from './engine.ts';
import { gitNotes } from './git.ts';
import { helmNotes } from './helm.ts';
import { hostNotes } from './host.ts';
import { kubernetesNotes } from './kubernetes.ts';
import { kubernetesChecksNotes } from './kubernetes-checks.ts';
import { configurationNotes } from './kubernetes-configuration.ts';
import { kubernetesObjectNotes } from './kubernetes-objects.ts';
import { kubernetesOwnerNotes } from './kubernetes-owners.ts';
import { kubernetesPodNotes } from './kubernetes-pods.ts';
import { kubernetesTrafficNotes } from './kubernetes-traffic.ts';
import { planNotes } from './plan.ts';
import { releasesNotes } from './releases.ts';
import type { NoteTable } from './table.ts';

/** The areas of the note table, each in its own file. */
export const noteAreas: Readonly<Record<string, NoteTable>> = {
  kubernetes: kubernetesNotes,
  kubernetesChecks: kubernetesChecksNotes,
  helm: helmNotes,
  kubernetesConfiguration: configurationNotes,
  kubernetesObjects: kubernetesObjectNotes,
  kubernetesOwners: kubernetesOwnerNotes,
  kubernetesPods: kubernetesPodNotes,
  kubernetesTraffic: kubernetesTrafficNotes,
  host: hostNotes,
  git: gitNotes,
  command: commandNotes,
  checks: checksNotes,
  engine: engineNotes,
  plan: planNotes,
  releases: releasesNotes,
};

/** Every note's sentence by code, in both languages. */
export const notes: NoteTable = Object.assign({}, ...Object.values(noteAreas));
