import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { hideSecretsInText } from '../../domain/hide.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { Refusal, reason } from '../../domain/reason.ts';
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
  const refuse = (detail: string) => refusal(folder, detail);
  if (files.length > most.files) throw refuse(`it holds ${files.length} manifests, and ${most.files} are the most`);
  const sizes = await Promise.all(files.map(async file => (await stat(file)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > most.bytes) throw refuse(`it holds ${bytes} bytes, and ${most.bytes} are the most`);
  const found: Manifest[] = [];
  for (const file of files) {
    const name = relative(base, file);
    for (const object of objectsIn(await readFile(file, 'utf8'), name, folder))
      found.push(manifestOf(object, name, folder));
  }
  if (found.length === 0) throw refuse('it holds no manifest');
  const keys = found.map(({ kind, namespace, name, apiVersion }) => [apiVersion, kind, namespace, name].join(' '));
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice) throw refuse(`${twice} stands there twice`);
  return found;
}

function refusal(folder: string, detail: string): Refusal {
  return new Refusal(reason('plan-failed', { object: `folder ${folder}` }, detail));
}

async function filesBelow(base: string, place: string, folder: string): Promise<string[]> {
  const real = await realpath(place).catch(() => {
    throw refusal(folder, `${relative(base, place)} is not there on this worker`);
  });
  if (!real.startsWith(base + sep))
    throw refusal(folder, `${relative(base, place)} leads out of the catalogue's folder`);
  const entries = await readdir(real, { withFileTypes: true }).catch(() => {
    throw refusal(folder, `${relative(base, real)} is no folder that can be read`);
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(real, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isSymbolicLink()) throw refusal(folder, `${relative(base, path)} is a link: only files are applied`);
    if (entry.isDirectory()) found.push(...(await filesBelow(base, path, folder)));
    else if (/\.(ya?ml|json)$/.test(entry.name)) found.push(path);
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
    if (wrong) throw refusal(folder, `${file}: ${hideSecretsInText(wrong.message.split('\n')[0] ?? '')}`);
    const value: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 50 }) ?? null));
    if (value === null) return [];
    const list = z.looseObject({ kind: z.string().regex(/List$/), items: z.array(z.unknown()) }).safeParse(value);
    return list.success ? list.data.items : [value];
  });
}

function manifestOf(value: unknown, file: string, folder: string): Manifest {
  const read = head.safeParse(value);
  if (!read.success) {
    const fields = read.error.issues.map(issue => issue.path.join('.') || 'the whole').join(', ');
    throw refusal(folder, `${file}: no manifest of one named object (${fields})`);
  }
  const { apiVersion, kind, metadata } = read.data;
  const { name, namespace = null } = metadata;
  if (kind === 'Secret') {
    throw refusal(
      folder,
      `${file}: a Secret is not applied, since a plan would hold its values; use kubernetes.secret`,
    );
  }
  const content = cleaned(value as JsonObject);
  const secret = secretIn(content);
  if (secret) throw refusal(folder, `${file}: ${secret} looks secret; name a key of a Secret instead`);
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
