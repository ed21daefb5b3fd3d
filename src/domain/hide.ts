import type { Json } from './json.ts';

// Every quantifier below is bounded or anchored: texts may be long, and come from anybody.

/** Names whose values are taken for secrets. */
const secretName =
  /pass(word|wd|phrase)?|pwd|secret|token|credential|api_?key|private|auth|cookie|salt|dsn|signature|(^|[_-])key($|[_-])/i;
const userInfo = /(\w[\w+.-]{0,30}:\/\/)[^\s/@]+@/g;
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const webToken = /\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)?/g;
const pem = /-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g;
const assignment =
  /((?:password|passwd|secret|token|api_?key|credential)[\w.-]{0,200}\s{0,20}[=:]\s*)("[^"]*"|'[^']*'|[^\s,;}]+)/gi;
/** A long run of letters of both cases and digits: nobody reads that, and it is often a key. */
const opaque = /\b(?=[\w+/-]{0,100}[a-z])(?=[\w+/-]{0,100}[A-Z])(?=[\w+/-]{0,100}\d)[A-Za-z0-9+/_-]{32,}={0,2}/g;

const hidden = '(hidden)';

/** Blots out what looks like a secret in a text of somebody else's, such as a server's message. */
export function hideSecretsInText(text: string): string {
  return text
    .replace(pem, hidden)
    .replace(userInfo, `$1${hidden}@`)
    .replace(bearer, `$1 ${hidden}`)
    .replace(webToken, hidden)
    .replace(assignment, `$1${hidden}`)
    .replace(opaque, hidden);
}

/** Whether a variable's value may not be shown: by its name, or by the look of the value. */
export function isSecretValue(name: string, value: string): boolean {
  return secretName.test(name) || hideSecretsInText(value) !== value;
}

/** A copy of a template fit for people's eyes: what looks like a secret is hidden, by the name it stands under or by its look. */
export function hideSecrets(value: Json, name = ''): Json {
  if (typeof value === 'string') return secretName.test(name) && value ? hidden : hideSecretsInText(value);
  if (Array.isArray(value)) return hideInList(value);
  if (typeof value !== 'object' || value === null) return value;
  const entry = value as { readonly [key: string]: Json };
  const variable = typeof entry.name === 'string' && typeof entry.value === 'string' ? entry.name : undefined;
  return Object.fromEntries(
    Object.entries(entry).map(([key, inner]) => {
      if (variable !== undefined && key === 'value') return [key, hideSecrets(inner, variable)];
      return [key, hideSecrets(inner, references.has(key) ? '' : key)];
    }),
  );
}

/** Fields whose names sound secret but hold names of objects only. */
const references = new Set([
  'secret',
  'secretName',
  'secretRef',
  'secretKeyRef',
  'key',
  'imagePullSecrets',
  'automountServiceAccountToken',
  'serviceAccountToken',
]);

/** Arguments come as `--password=x`, or as `--password` and then the value. */
function hideInList(list: readonly Json[]): Json {
  return list.map((item, at) => {
    const before = list[at - 1];
    const named = typeof before === 'string' && /^--?[\w-]+$/.test(before) && secretName.test(before);
    return named && typeof item === 'string' ? hidden : hideSecrets(item);
  });
}
