import type { JsonObject } from '../../domain/json.ts';
import type { Note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import type { PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import type { Connection } from './connect.ts';
import { objectOf, type Place, placeOf } from './input.ts';
import { expectedMsOf, interruptionOf, judgeReferences, notesOn, waitFor } from './judged.ts';
import { draftChange } from './recover.ts';
import { createLookUp, referencesOf } from './references.ts';
import { templateHash, versionOf } from './template.ts';
import type { World } from './world.ts';

type Input = Place & { readonly graceSeconds: number };
type Of<Action extends Change['action'], Fields extends string> = Pick<
  Extract<Change, { action: Action }>,
  Extract<'action' | Fields, keyof Extract<Change, { action: Action }>>
>;

/** What is done to the present template, and what it makes of it. */
export interface TemplateWish {
  readonly input: Input;
  readonly world: World;
  readonly template: JsonObject;
  readonly act: Of<'image', 'images'> | Of<'restart', 'at'> | Of<'environment', 'set' | 'remove' | 'containers'>;
  readonly summary: Note;
}

/** Plans a change of a workload's template that goes through as it stands: looks up what it names, tries it, and says how far it reaches. */
export async function planTemplate(
  connection: Connection,
  context: PlanContext,
  { input, world, template, act, summary }: TemplateWish,
): Promise<StepPlan> {
  const { workload } = world;
  const version = versionOf(template);
  const found = await createLookUp(connection, input, context.signal)(referencesOf(template));
  const unread = judgeReferences(objectOf(input), version, found);
  const hash = templateHash(template);
  const change: Change = { ...sharedChange(input, world, version), written: hash, after: hash, ...act };
  const drafted = await draftChange(connection, { change, world, template, annotations: {}, summary }, context);
  const { blastRadius, warnings } = notesOn(change, workload);
  return {
    operations: [drafted.operation, ...drafted.recovery],
    blastRadius,
    interruption: interruptionOf(workload, template),
    notRolledBack: [],
    notChecked: unread,
    warnings: [...warnings, ...drafted.warnings],
    expectedMs: expectedMsOf(workload),
  };
}

/** What every change of a template says, whatever it does. */
export function sharedChange(input: Input, { workload }: World, version: string) {
  return {
    ...placeOf(input),
    uid: workload.metadata.uid,
    before: templateHash(workload.spec.template),
    version,
    waitFor: waitFor(workload),
    graceSeconds: input.graceSeconds,
  };
}
