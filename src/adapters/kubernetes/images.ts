import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';

const containers = z.array(z.looseObject({ name: z.string(), image: z.string().optional() }));
const templateShape = z.looseObject({ spec: z.looseObject({ containers, initContainers: containers.nullish() }) });

/** Images by the name of their container. */
export type Images = Readonly<Record<string, string>>;

/** The images of a template's containers, init containers among them. */
export function imagesOf(template: JsonObject): Images {
  const { spec } = templateShape.parse(template);
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  return Object.fromEntries(all.map(({ name, image = '' }) => [name, image]));
}

/** A template with other images; the template itself is left as it is, and so is every field we do not know. */
export function withImages(template: JsonObject, images: Images): JsonObject {
  const { spec } = templateShape.parse(template);
  const set = (all: z.infer<typeof containers>) =>
    all.map(container => {
      const image = Object.hasOwn(images, container.name) ? images[container.name] : undefined;
      return image === undefined ? container : { ...container, image };
    });
  const init = spec.initContainers ? { initContainers: set(spec.initContainers) } : {};
  return { ...template, spec: { ...spec, ...init, containers: set(spec.containers) } as unknown as JsonObject };
}

/** The digest that a running image was pulled by; null for one that came another way, which no registry knows by it. */
export function pulledDigest(imageId: string | undefined): string | null {
  return /@(sha256:[0-9a-f]{64})$/.exec(imageId ?? '')?.[1] ?? null;
}

/** An image by the digest that it ran with; its tag stays for people to read, and the kubelet goes by the digest. */
export function pinned(image: string, imageId: string | undefined): string {
  const digest = pulledDigest(imageId);
  return digest && !image.includes('@') ? `${image}@${digest}` : image;
}

/** An image's name for people: of a digest, as much as tells it from another. */
export function shortImage(image: string): string {
  return image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+$/, '$1');
}
