import { z } from 'zod';
import type { KeptTexts } from '../../ports/kept-texts.ts';
import type { Found } from './references.ts';
import { hashOf } from './template.ts';

const hashes = z.record(z.string(), z.string());
const closureSchema = z.strictObject({
  key: z.string(),
  /** `Kind/name` → what its content is compared by, of all that was seen. */
  configuration: hashes,
  /** Uid of the revision it ran as last. */
  revision: z.string(),
  /** Epoch ms at which it was seen first. */
  at: z.number(),
});

/** A template with the configuration it ran with. */
export type Closure = z.infer<typeof closureSchema>;

/** Which templates ran with which configuration. */
export interface Closures {
  /** What was recorded of a workload's templates, newest last, by the template's key. */
  of(workload: string, templates: readonly string[]): Promise<ReadonlyMap<string, readonly Closure[]>>;
  record(workload: string, template: string, closures: readonly Closure[]): Promise<void>;
}

const nameOf = (workload: string, template: string) => `closures:${workload}:${template}`;
/** How many configurations of one template are remembered. */
const most = 20;
const dayMs = 86_400_000;

/** Keeps closures as texts. */
export function createClosures(kept: KeptTexts): Closures {
  return {
    async of(workload, templates) {
      const texts = await kept.read(templates.map(template => nameOf(workload, template)));
      return new Map(templates.map((template, at) => [template, closuresOf(texts[at] ?? null)]));
    },
    async record(workload, template, closures) {
      await kept.keep(nameOf(workload, template), JSON.stringify(closures.slice(-most)));
    },
  };
}

function closuresOf(text: string | null): readonly Closure[] {
  if (text === null) return [];
  try {
    return z.array(closureSchema).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** What is seen of the revision that is current. */
export interface Sight {
  /** Uid of its ReplicaSet or name of its ControllerRevision; null while the controller has not made it. */
  readonly revision: string | null;
  /** Key of its template. */
  readonly template: string;
  readonly found: readonly Found[];
  /** When the container that has run longest was started, epoch ms; null where none runs. */
  readonly startedAt: number | null;
  readonly now: number;
}

/** How long the kubelet takes at most to renew mounted files, in ms. */
const renewalMs = 120_000;

/**
 * The configuration that the containers run with, as far as that can be told: what was last written before they started, and files that were
 * renewed meanwhile; of anything else what was known before.
 */
function runningConfiguration(sight: Sight, before: Closure | undefined): Record<string, string> {
  const { found, startedAt, now } = sight;
  return Object.fromEntries(
    found.flatMap(({ kind, name, hash, changedAt, renewed, configures }) => {
      if (!configures) return [];
      const id = `${kind}/${name}`;
      const known = before?.configuration[id];
      const changed = changedAt ?? now;
      // In one and the same second nobody can tell which came first.
      const readAtStart = startedAt === null || (known === undefined ? changed <= startedAt : changed < startedAt);
      const read = readAtStart || (renewed && now > changed + renewalMs);
      const running = read ? hash : known;
      return running ? [[id, running] as const] : [];
    }),
  );
}

/** Whether what is known of both is equal. */
function agree(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  return Object.entries(one).every(([id, hash]) => other[id] === undefined || other[id] === hash);
}

/** What runs, and what is to be recorded of its template; null where nothing new is to be recorded. */
export interface Judged {
  readonly current: Closure;
  readonly record: readonly Closure[] | null;
}

/**
 * Tells which release runs. The first configuration that a template is seen with bears the template's own key, any other a key of both, so
 * that a restart that picked up another configuration is another release and one that did not is none.
 */
export function judgeSight(known: readonly Closure[], sight: Sight): Judged {
  const { revision, template, startedAt, now } = sight;
  const before = known.findLast(closure => closure.revision === revision);
  const configuration = runningConfiguration(sight, before);
  const fits = (closure: Closure) => agree(closure.configuration, configuration);
  const met = before && fits(before) ? before : known.findLast(fits);
  const restless = known.length >= most && (known[0]?.at ?? 0) > now - dayMs;
  const last = known.at(-1);
  // What changes so often is no release each time.
  if (!met && restless && last) return { current: last, record: null };
  const current: Closure = {
    key: met?.key ?? (known.length === 0 ? template : hashOf({ template, configuration })),
    configuration: { ...met?.configuration, ...configuration },
    revision: revision ?? '',
    at: met?.at ?? now,
  };
  // Before its containers run, a revision may still start with something else.
  const sure = revision !== null && startedAt !== null;
  const same = met && hashOf(met) === hashOf(current);
  const others = known.filter(closure => closure.key !== current.key);
  return { current, record: sure && !same ? [...others, current] : null };
}
