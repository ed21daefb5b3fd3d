import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { readAs } from './objects.ts';
import { podSpecOf } from './template.ts';

const nodesSchema = z.object({
  items: z.array(
    z.object({
      spec: z.object({ unschedulable: z.boolean().nullish() }).prefault({}),
      status: z
        .object({
          images: z
            .array(z.object({ names: z.array(z.string()).nullish() }))
            .nullish()
            .transform(value => value ?? []),
        })
        .prefault({}),
    }),
  ),
});

/** What a node tells at most: the kubelet names only so many of its images, the largest first. */
const mostNamed = 50;

/** How a template's images stand, by their names as the template has them. */
export interface ImageStates {
  /** On no node, and not to be pulled: pods would never start. */
  readonly gone: readonly string[];
  /** On every node that takes pods, and not asked for at the registry. */
  readonly there: readonly string[];
  /** What has to be pulled somewhere, or where that cannot be told. */
  readonly unknown: readonly string[];
}

/** The images of a template's containers, with how they are pulled. */
export function imagesOf(template: JsonObject): { readonly image: string; readonly policy: string }[] {
  const { containers, initContainers } = podSpecOf(template);
  return [...containers, ...(initContainers ?? [])].map(({ image, imagePullPolicy }) => ({
    image,
    policy: imagePullPolicy ?? defaultPolicy(image),
  }));
}

const defaultPolicy = (image: string) => (/:(?!latest$)[^/:@]+$|@/.test(image) ? 'IfNotPresent' : 'Always');

/** An image's name in full, as nodes tell it: `app:1` is `docker.io/library/app:1`. */
export function fullName(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const hosted = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hosted ? image : rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return /[:@]/.test(last) ? path : `${path}:latest`;
}

/** Looks which images of a template the nodes hold. Throws `KubeError`. */
export type LookForImages = (template: JsonObject) => Promise<ImageStates>;

/** Makes a look for one moment: the nodes are listed at most once; where they may not be, all is unknown. */
export function createImageLook(connection: Connection, signal: AbortSignal): LookForImages {
  let listed: Promise<readonly Node[]> | undefined;
  return async template => {
    listed ??= readNodes(connection, signal);
    const nodes = await listed;
    const states = imagesOf(template).map(({ image, policy }) => ({ image, state: stateOf(image, policy, nodes) }));
    const of = (wanted: keyof ImageStates) => [
      ...new Set(states.filter(({ state }) => state === wanted).map(({ image }) => image)),
    ];
    return { gone: of('gone'), there: of('there'), unknown: of('unknown') };
  };
}

/** Whether pods of a template can only start where its images lie already, so that looking for them tells something. */
export function neverPulls(template: JsonObject): boolean {
  return imagesOf(template).some(({ policy }) => policy === 'Never');
}

interface Node {
  readonly takesPods: boolean;
  readonly names: ReadonlySet<string>;
  /** Whether it named all the images that it has. */
  readonly complete: boolean;
}

function stateOf(image: string, policy: string, nodes: readonly Node[]): keyof ImageStates {
  if (policy === 'Always' || nodes.length === 0) return 'unknown';
  const name = fullName(image);
  const has = (node: Node) => node.names.has(name);
  const open = nodes.filter(({ takesPods }) => takesPods);
  if (open.length > 0 && open.every(has)) return 'there';
  const nowhere = nodes.every(node => node.complete && !has(node));
  return policy === 'Never' && nowhere ? 'gone' : 'unknown';
}

async function readNodes(connection: Connection, signal: AbortSignal): Promise<readonly Node[]> {
  const request = { verb: 'list', resource: 'nodes', namespace: '', path: '/api/v1/nodes', signal };
  try {
    const { items } = await readAs(connection, request, nodesSchema);
    return items.map(({ spec, status }) => ({
      takesPods: spec.unschedulable !== true,
      names: new Set(status.images.flatMap(({ names }) => (names ?? []).map(fullName))),
      complete: status.images.length < mostNamed,
    }));
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return [];
    throw error;
  }
}
