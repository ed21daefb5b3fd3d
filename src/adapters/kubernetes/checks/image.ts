import type { z } from 'zod';
import { note } from '../../../domain/note.ts';
import type { Identity } from '../../../domain/release.ts';
import type { Check, CheckContext } from '../../../ports/check.ts';
import { objectOf } from '../input.ts';
import { imageInput } from './input.ts';
import { createLooking, type Look, type LookingDeps } from './looking.ts';
import type { LivePod } from './pod.ts';
import { mainContainer, readWorkload, readyPods, type Workload } from './workload.ts';

/** `kubernetes.image`: the image that every pod really runs is the one named, or what the release of the run ran. */
export function createImageCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.image',
    input: imageInput,
    everyMs: 1_000,
    objectOf,
    look: async (connection, input, context) => {
      const workload = await readWorkload(connection, input, context.signal);
      const wanted = wantedOf(input, context, workload);
      if (wanted.length === 0) {
        return { state: 'unknowable', note: note('image-nothing-to-compare', { object: workload.object }) };
      }
      return judge(workload, wanted);
    },
  });
}

/** What one container of every pod must run: an image by name, or by digest alone. */
interface Wanted {
  readonly container: string;
  readonly image: string;
}

function wantedOf(input: z.infer<typeof imageInput>, { of: run }: CheckContext, workload: Workload): Wanted[] {
  if (input.image !== null) return [{ container: mainContainer(workload, input.container), image: input.image }];
  const identity: Identity = run.plan?.to?.identity ?? {};
  return Object.entries(identity).flatMap(([key, digest]) => {
    const container = key.startsWith('image/') ? key.slice('image/'.length) : null;
    return container && (input.container ?? container) === container ? [{ container, image: digest }] : [];
  });
}

function judge(workload: Workload, wanted: readonly Wanted[]): Look {
  const { object, pods } = workload;
  const ready = readyPods(workload);
  if (ready.length === 0) return { state: 'unclear', note: note('no-pod-ready', { object }) };
  const others = wanted.flatMap(one => pods.flatMap(pod => otherImage(pod, one)));
  const images = wanted.map(({ image }) => image);
  if (others.length > 0) return { state: 'bad', note: note('pods-run-other-image', { object, names: others, images }) };
  const digests = wanted.map(({ container }) => new Set(pods.map(pod => digestOf(statusOf(pod, container)?.imageID))));
  if (digests.some(all => all.size > 1)) {
    const names = digests.flatMap(all => [...all].map(shortDigest));
    return { state: 'bad', note: note('pods-run-several-digests', { object, images, names }) };
  }
  return { state: 'good', note: note('pods-run-image', { object, pods: pods.length, images: images.map(shortImage) }) };
}

const statusOf = (pod: LivePod, container: string) =>
  pod.status.containerStatuses.find(({ name }) => name === container);

/** Which other image a pod runs, in words; nothing where it is the wanted one. A container that does not run runs no image. */
function otherImage(pod: LivePod, { container, image }: Wanted): string[] {
  const told = (what: string) => [`${pod.metadata.name}: ${what}`];
  const status = statusOf(pod, container);
  if (!status?.state?.running || !status.imageID) return told('nothing');
  const digest = digestOf(image);
  if (digest) return digestOf(status.imageID) === digest ? [] : told(shortDigest(digestOf(status.imageID)));
  const asked = pod.spec.containers.find(({ name }) => name === container)?.image ?? '';
  return fullName(asked) === fullName(image) ? [] : told(asked);
}

/** The digest at the end of an image's name or id; empty where there is none. */
function digestOf(image: string | null | undefined): string {
  return /sha256:[0-9a-f]{64}$/.exec(image ?? '')?.[0] ?? '';
}

const shortDigest = (digest: string): string => digest.replace('sha256:', '').slice(0, 12);

function shortImage(image: string): string {
  const digest = digestOf(image);
  return digest ? image.replace(digest, `sha256:${shortDigest(digest)}`) : image;
}

/** An image's name as every runtime writes it out: with registry, and with a tag. */
function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const registry = rest.length > 0 && /[.:]|^localhost$/.test(first);
  const path = registry ? image : rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
  return /:[^/]+$/.test(path) ? path : `${path}:latest`;
}
