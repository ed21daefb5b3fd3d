import { hideSecretsInText } from '../../domain/hide.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { hashOf } from './hash.ts';
import type { Payload } from './payload.ts';

/** A hook of a revision and when it runs. */
export interface Hook {
  readonly name: string;
  readonly kind: string;
  readonly events: readonly string[];
}

/** What is kept in mind of one revision: names and hashes, so that a long history costs little. */
export interface Revision {
  readonly number: number;
  /** The Secret that holds it. */
  readonly secret: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly status: string;
  /** In helm's words, fit to be shown: a refused change stands there with its value. */
  readonly description: string;
  /** When it was made, epoch ms; null where it does not say. */
  readonly madeAt: number | null;
  /** Hash of chart and values: the release's key, the same for a revision and what a rollback makes of it. */
  readonly key: string;
  readonly chartHash: string;
  readonly valuesHash: string;
  /** Hash of all that a rollback copies: chart, values, manifest, hooks. */
  readonly content: string;
  /** The chart as Helm writes it, e.g. `shop-1.4.0`. */
  readonly chart: string;
  /** What people call it. */
  readonly version: string;
  readonly hooks: readonly Hook[];
  /** Files of custom resource definitions in the chart, with the hash of all of them. */
  readonly crds: readonly string[];
  readonly crdHash: string;
}

/** So much of a description is kept, in characters; Helm 3 bounds it not at all. */
const longestDescription = 1_000;
/** Events at which a rollback runs hooks, those of the target revision. */
const rollbackEvents = new Set(['pre-rollback', 'post-rollback']);
/** Events whose hooks ran while a revision was installed or upgraded to. */
const deployEvents = new Set(['pre-install', 'post-install', 'pre-upgrade', 'post-upgrade']);

/** Names of the hooks that a rollback to this revision runs. */
export function rollbackHooks({ hooks }: Pick<Revision, 'hooks'>): string[] {
  return namesOf(hooks, rollbackEvents);
}

/** Names of the hooks that ran when this revision was deployed. */
export function deployHooks({ hooks }: Pick<Revision, 'hooks'>): string[] {
  return namesOf(hooks, deployEvents);
}

function namesOf(hooks: readonly Hook[], events: ReadonlySet<string>): string[] {
  const taken = hooks.filter(hook => hook.events.some(event => events.has(event)));
  return [...new Set(taken.map(({ kind, name }) => `${kind}/${name}`))];
}

/** Whether helm was, or still is, at work on a revision: nobody knows how far it came. */
export function isPending({ status }: Pick<Revision, 'status'>): boolean {
  return status.startsWith('pending-');
}

/** Whether a revision was once rolled out as helm sees it: only such a one is gone back to. */
export function wasDeployed({ status }: Pick<Revision, 'status'>): boolean {
  return status === 'deployed' || status === 'superseded';
}

/** Works out what is kept in mind of a stored revision. Helm 4 adds times to the files of a chart: they do not count. */
export function revisionOf(payload: Payload, secret: Revision['secret']): Revision {
  const { chart, config, manifest, hooks, info } = payload;
  const { metadata, lock, templates, values, schema, files } = chart;
  const chartHash = hashOf({
    metadata: metadata as Json,
    lock: withoutTimes(lock ?? null),
    templates,
    values: values ?? null,
    schema,
    files,
  });
  const valuesHash = hashOf(config ?? {});
  const crds = files.filter(({ name }) => name.startsWith('crds/'));
  const madeAt = Date.parse(info.last_deployed);
  return {
    number: payload.version,
    secret,
    status: info.status,
    description: hideSecretsInText(info.description).slice(0, longestDescription),
    madeAt: Number.isFinite(madeAt) ? madeAt : null,
    key: hashOf([chartHash, valuesHash]),
    chartHash,
    valuesHash,
    content: hashOf([chartHash, valuesHash, manifest, hooks]),
    chart: `${metadata.name}-${metadata.version}`,
    version: versionOf(payload),
    hooks: hooks.map(({ name, kind, events }) => ({ name, kind, events })),
    crds: crds.map(({ name }) => name),
    crdHash: hashOf(crds),
  };
}

function withoutTimes(lock: JsonObject | null): JsonObject | null {
  if (!lock) return null;
  const { generated: _, ...kept } = lock;
  return kept;
}

/** What people call a revision: the image tag in its values (the place that `helm create` gives it), else the chart's application version, else the chart's own. */
function versionOf({ chart, config }: Payload): string {
  const { metadata, values } = chart;
  const tag = tagIn(config) ?? tagIn(values);
  return (tag || metadata.appVersion || metadata.version || 'unknown').slice(0, 100);
}

function tagIn(values: JsonObject | null | undefined): string | null {
  const image = values?.image;
  if (typeof image !== 'object' || image === null || !('tag' in image)) return null;
  return typeof image.tag === 'string' && image.tag !== '' ? image.tag : null;
}
