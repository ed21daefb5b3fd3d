import type { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Release } from '../../domain/release.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { changeExecutor } from './executor.ts';
import { type Images, imagesOf, pinned, pulledDigest, shortImage, withImages } from './images.ts';
import { type KubernetesReleaseDeps, objectOf } from './input.ts';
import { createKnownImages, type KnownImages } from './known-images.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { setImageInput } from './rollout-input.ts';
import { templateHash, versionOf } from './template.ts';
import { planTemplate } from './template-plan.ts';
import { readWorld, revisionOfRelease, revisionOfVersion, type World } from './world.ts';

/**
 * Gives a workload's containers other images, named ones or those of the run's release, by the digest they ran with where that is known.
 * All else of the template stays as it is.
 */
export function createSetImage(
  connect: Connect,
  { kept, clock }: Pick<KubernetesReleaseDeps, 'kept' | 'clock'>,
): Executor {
  const known = createKnownImages(kept);
  return changeExecutor('kubernetes.set-image', connect, clock, (connection, context, input, several) =>
    planSetImage({ connection, known, several }, context, input),
  );
}

type Input = z.infer<typeof setImageInput>;

interface Planning {
  readonly connection: Connection;
  readonly known: KnownImages;
  /** Whether the step names other workloads beside it. */
  readonly several: boolean;
}

async function planSetImage(planning: Planning, context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const { connection } = planning;
  const input = setImageInput.parse(raw);
  const object = objectOf(input);
  const world = await readWorld(connection, input, context.signal);
  const { workload } = world;
  refuseOwned(input, workload);
  const now = workload.spec.template;
  const images = await wantedImages(input, world, planning, context.to);
  const template = withImages(now, images);
  if (templateHash(template) === templateHash(now)) return emptyPlan;
  refusePaused(input, workload);
  const summary = summaryOf(object, imagesOf(now), images, workload.spec.replicas);
  const act = { action: 'image', images } as const;
  const planned = await planTemplate(connection, context, { input, world, template, act, summary });
  const version = versionOf(template);
  return {
    ...planned,
    notRolledBack: input.images === 'release' ? [note('only-images-change', { object })] : [],
    notChecked: [...planned.notChecked, note('image-not-pulled', { object, version })],
    warnings: [...planned.warnings, ...byTagAlone(object, images)],
  };
}

/** What each container is to run; containers that are not named keep what they have. */
async function wantedImages(
  input: Input,
  world: World,
  { known, several }: Planning,
  to: Release | null,
): Promise<Readonly<Record<string, string>>> {
  const { workload } = world;
  const now = imagesOf(workload.spec.template);
  if (input.images === 'release') return imagesOfRelease(input, world, to, several);
  const object = objectOf(input);
  const missing = Object.keys(input.images).filter(name => !(name in now));
  if (missing.length > 0) {
    const present = Object.keys(now);
    throw new Refusal(reason('plan-failed', { object, why: 'no-such-container', containers: missing, present }));
  }
  const ids = input.byDigest ? await known.of(workload.metadata.uid) : {};
  const wanted = Object.entries(input.images);
  return Object.fromEntries(wanted.map(([container, image]) => [container, pinned(image, ids[image])]));
}

/**
 * What the containers of the release ran: by the history's template, and by digest where one was seen running. A release is one workload's:
 * those that a step names beside it take the images of the same version out of their own history.
 */
function imagesOfRelease(input: Input, world: World, to: Release | null, several: boolean): Images {
  const object = objectOf(input);
  if (!to) throw new Refusal(reason('no-good-release', { object, why: 'none-chosen' }));
  const own = revisionOfRelease(world, to.identity.template ?? to.key);
  const other = several && !own;
  const revision = other ? revisionOfVersion(world, to.version) : own;
  const then = revision && imagesOf(revision.template);
  const wanted: Record<string, string> = {};
  const unknown: string[] = [];
  for (const container of Object.keys(imagesOf(world.workload.spec.template))) {
    const id = other ? undefined : to.identity[`image/${container}`];
    const named = then?.[container];
    if (named) wanted[container] = input.byDigest ? pinned(named, id) : named;
    else if (id && pulledDigest(id)) wanted[container] = id;
    else if (!then) unknown.push(container);
  }
  if (unknown.length === 0) return wanted;
  const facts = { object, release: to.version, containers: unknown };
  throw new Refusal(reason('release-not-eligible', { ...facts, why: 'image-not-seen' }));
}

function summaryOf(object: string, now: Images, images: Images, pods: number): Note {
  const changed = Object.entries(images).filter(([container, image]) => now[container] !== image);
  const changes = changed.map(
    ([container, image]) => `${container}: ${shortImage(now[container] ?? '')} → ${shortImage(image)}`,
  );
  return note('images-change', { object, changes, pods });
}

/** A tag may stand for another build than the one that was meant. */
function byTagAlone(object: string, images: Images): Note[] {
  const names = Object.values(images).filter(image => !image.includes('@'));
  return names.length > 0 ? [note('image-by-tag', { object, names: [...new Set(names)] })] : [];
}
