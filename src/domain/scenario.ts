/** Why a rollback is asked for; decides the approval rule (inventory 22, 257, 267, 269-274). A catalogue may add its own. */
export const scenarios = [
  'functional-defect',
  'data-consistency',
  'security',
  'performance',
  'user-experience',
  'third-party',
  'configuration',
  'deployment-failed',
  'alert',
  'drill',
  'other',
] as const;

/** A scenario's name: one of ours or one that the catalogue declares. */
export type Scenario = string;
