import { z } from 'zod';
import type { KeptTexts } from '../../ports/kept-texts.ts';
import { type Images, pulledDigest } from './images.ts';

/** Which builds the images of a workload stood for when they were last seen running. */
export interface KnownImages {
  /** What the runtime pulled, by the image's name in the template. */
  of(workload: string): Promise<Images>;
  /** Keeps what is seen: the images of a template and what its containers really run, both by container. */
  see(workload: string, images: Images, ids: Images): Promise<void>;
}

/** How many names of a workload are remembered. */
const most = 100;
const knownSchema = z.record(z.string(), z.string());

/** Keeps them as texts. */
export function createKnownImages(kept: KeptTexts): KnownImages {
  const nameOf = (workload: string) => `images:${workload}`;
  const of = async (workload: string): Promise<Images> => {
    const [text = null] = await kept.read([nameOf(workload)]);
    return text === null ? {} : readKnown(text);
  };
  return {
    of,
    see: async (workload, images, ids) => {
      const seen = Object.entries(images).flatMap(([container, image]) => {
        const id = ids[container];
        return id !== undefined && pulledDigest(id) && !image.includes('@') ? [[image, id] as const] : [];
      });
      if (seen.length === 0) return;
      const known = await of(workload);
      if (seen.every(([image, id]) => known[image] === id)) return;
      const names = new Set(seen.map(([image]) => image));
      const others = Object.entries(known).filter(([image]) => !names.has(image));
      await kept.keep(nameOf(workload), JSON.stringify(Object.fromEntries([...others, ...seen].slice(-most))));
    },
  };
}

function readKnown(text: string): Images {
  try {
    return knownSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
