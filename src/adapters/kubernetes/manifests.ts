import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { hideSecretsInText } from '../../domain/hide.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { type Reason, Refusal, reason } from '../../domain/reason.ts';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';
import { objectName, whereFields } from './input.ts';

/** One object of a folder, cleaned of what only a server writes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** The namespace that it names itself; null where it names none. */
  readonly namespace: string | null;
  readonly content: JsonObject;
  /** Its file, as a path from the folder of the catalogue. */
  readonly file: string;
}

/** A folder that is applied is read whole into the plan; a longer one is no plan that anybody reads. */
const most = { files: 100, bytes: 524_288 };

const head = z.looseObject({
  apiVersion: z.string().regex(/^([a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?\/)?v[a-z0-9]{1,30}$/),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]{0,62}$/),
  metadata: z.looseObject({ name: objectName, namespace: whereFields.namespace.nullish() }),
});

/** Reads the manifests of a folder below `root`, in the order of their paths. Refuses links that lead out, secrets, and what is no manifest. */
export async function readManifests(root: string, folder: string): Promise<Manifest[]> {
  const base = await realpath(root).catch(() => root);
  const files = await filesBelow(base, join(base, folder), folder);
  if (files.length > most.files)
    throw refusal(folder, { why: 'too-many-manifests', count: files.length, most: most.files });
  const sizes = await Promise.all(files.map(async file => (await stat(file)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > most.bytes) throw refusal(folder, { why: 'folder-too-large', bytes, most: most.bytes });
  const found: Manifest[] = [];
  for (const file of files) {
    const name = relative(base, file);
    for (const object of objectsIn(await readFile(file, 'utf8'), name, folder))
      found.push(manifestOf(object, name, folder));
  }
  if (found.length === 0) throw refusal(folder, { why: 'no-manifest' });
  const keys = found.map(({ kind, namespace, name, apiVersion }) => [apiVersion, kind, namespace, name].join(' '));
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice) throw refusal(folder, { why: 'manifest-twice', name: twice });
  return found;
}

function refusal(folder: string, facts: Reason['facts'], said?: string): Refusal {
  return new Refusal(reason('plan-failed', { object: `folder ${folder}`, ...facts }, said));
}

/** The manifests of a folder. Links count where they stay inside it: all files of a ConfigMap that is mounted are links to `..data`. */
async function filesBelow(base: string, place: string, folder: string): Promise<string[]> {
  const top = await realpath(place).catch(() => {
    throw refusal(folder, { why: 'path-missing', path: relative(base, place) });
  });
  if (!top.startsWith(base + sep)) throw refusal(folder, { why: 'path-leads-out', path: relative(base, place) });
  return filesIn({ base, top, folder }, place, [top]);
}

/** `within`: the real paths of the folders that lead here, the last of them the one that is read. */
async function filesIn(
  at: { readonly base: string; readonly top: string; readonly folder: string },
  place: string,
  within: readonly string[],
): Promise<string[]> {
  const { base, top, folder } = at;
  const refuse = (why: string, path: string) => refusal(folder, { why, path: relative(base, path) });
  const names = await readdir(place).catch(() => {
    throw refuse('path-unreadable', place);
  });
  const found: string[] = [];
  for (const name of names.filter(one => !one.startsWith('.')).sort()) {
    const path = join(place, name);
    const real = await realpath(path).catch(() => {
      throw refuse('path-missing', path);
    });
    if (!real.startsWith(top + sep) || within.includes(real)) throw refuse('path-leads-out', path);
    const is = await stat(real);
    if (is.isDirectory()) found.push(...(await filesIn(at, path, [...within, real])));
    else if (is.isFile() && /\.(ya?ml|json)$/.test(name)) found.push(path);
  }
  return found;
}

/** Values as kubectl reads them: YAML 1.1 (`on` is true), but neither times nor numbers to the base of 60. */
function objectsIn(text: string, file: string, folder: string): unknown[] {
  const documents = parseAllDocuments(text, {
    version: '1.1',
    customTags: tags =>
      tags.filter(tag => typeof tag === 'string' || (tag.format !== 'TIME' && !tag.tag.endsWith(':timestamp'))),
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap(document => {
    const [wrong] = document.errors;
    if (wrong)
      throw refusal(folder, { why: 'file-wrong', file }, hideSecretsInText(wrong.message.split('\n')[0] ?? ''));
    const value: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 50 }) ?? null));
    if (value === null) return [];
    const list = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()) }).safeParse(value);
    return list.success ? list.data.items : [value];
  });
}

function manifestOf(value: unknown, file: string, folder: string): Manifest {
  const read = head.safeParse(value);
  if (!read.success) {
    const fields = read.error.issues.map(issue => issue.path.join('.') || '.');
    throw refusal(folder, { why: 'not-one-object', file, fields });
  }
  const { apiVersion, kind, metadata } = read.data;
  const { name, namespace = null } = metadata;
  if (kind === 'Secret') {
    throw refusal(folder, { why: 'holds-a-secret', file });
  }
  const content = cleaned(value as JsonObject);
  const secret = secretIn(content);
  if (secret) throw refusal(folder, { why: 'looks-secret', file, field: secret });
  return { apiVersion, kind, name, namespace, content, file };
}

const ofServer = new Set(['creationTimestamp', 'generation', 'managedFields', 'resourceVersion', 'selfLink', 'uid']);
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Without status and what else only a server writes, as files that were exported hold it. */
function cleaned(value: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = value;
  const kept = Object.entries(metadata as JsonObject).filter(([key]) => !ofServer.has(key));
  const clean = kept.map(([key, inner]): [string, Json] => {
    if (key !== 'annotations' || typeof inner !== 'object' || inner === null) return [key, inner];
    return [key, Object.fromEntries(Object.entries(inner).filter(([name]) => name !== lastApplied)) as JsonObject];
  });
  return { ...rest, metadata: Object.fromEntries(clean) };
}

/** Path of the first value that looks secret: by the name of a variable or of a ConfigMap's key, or by its look. */
function secretIn(value: Json, path = '', name = ''): string | null {
  if (typeof value === 'string') {
    const bad = value !== '' && (isSecretName(name) || isSecretValue(value) || hideSecretsInText(value) !== value);
    return bad ? path : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const entry = value as { readonly [key: string]: Json };
  const variable = typeof entry.name === 'string' && typeof entry.value === 'string' ? entry.name : '';
  for (const [key, inner] of Object.entries(entry)) {
    const named = variable && key === 'value' ? variable : path === 'data' ? key : '';
    const found = secretIn(inner, path ? `${path}.${key}` : key, named);
    if (found) return found;
  }
  return null;
}
