import { readFile, stat } from 'node:fs/promises';
import type { Catalogue, SecretRef } from '../domain/catalogue.ts';
import type { Json } from '../domain/json.ts';
import { Refusal, reason } from '../domain/reason.ts';
import { environmentVariable } from './env.ts';

const sizeLimit = 65_536;

/** Reads a secret where it lies, without the line end that editors add; throws a `Refusal` that names the reference, never the value. */
export async function readSecret(ref: SecretRef): Promise<string> {
  if ('env' in ref) {
    const value = environmentVariable(ref.env);
    if (value) return trimmed(value, ref);
    throw unreadable(ref, 'the variable is not set');
  }
  let value: string;
  try {
    if ((await stat(ref.file)).size > sizeLimit) throw new Error('the file is longer than 64 KiB');
    value = await readFile(ref.file, 'utf8');
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code;
    throw unreadable(ref, code === 'ENOENT' ? 'there is no such file' : (code ?? (failure as Error).message));
  }
  return trimmed(value, ref);
}

/** One secret of a catalogue that cannot be read, or that others can read too. */
export interface SecretFinding {
  readonly ref: SecretRef;
  readonly state: 'missing' | 'exposed';
  readonly message: string;
}

/** Looks whether the secrets a catalogue refers to are there, and whether their files are for their owner's eyes only. */
export async function checkSecrets(catalogue: Catalogue): Promise<readonly SecretFinding[]> {
  const findings: SecretFinding[] = [];
  for (const ref of secretRefs(catalogue)) {
    try {
      await readSecret(ref);
    } catch (failure) {
      findings.push({ ref, state: 'missing', message: (failure as Error).message });
      continue;
    }
    if ('env' in ref) continue;
    const { mode } = await stat(ref.file);
    if (mode & 0o077) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      findings.push({
        ref,
        state: 'exposed',
        message: `${nameOf(ref)} can be read by others (mode ${octal}); chmod 600`,
      });
    }
  }
  return findings;
}

/** All references to secrets in a catalogue, each once: wherever a map is `{env: NAME}` or `{file: /PATH}` and nothing else. */
export function secretRefs(catalogue: Catalogue): readonly SecretRef[] {
  const found = new Map<string, SecretRef>();
  const look = (value: Json): void => {
    if (value === null || typeof value !== 'object') return;
    if (isRef(value)) found.set(nameOf(value), value);
    else for (const below of Object.values(value)) look(below as Json);
  };
  look({ hooks: catalogue.hooks, services: catalogue.services } as unknown as Json);
  return [...found.values()];
}

function isRef(value: object): value is SecretRef {
  const [entry, ...more] = Object.entries(value);
  if (more.length > 0 || typeof entry?.[1] !== 'string') return false;
  return entry[0] === 'env' || (entry[0] === 'file' && entry[1].startsWith('/'));
}

/** How a reference is called in messages. */
export function nameOf(ref: SecretRef): string {
  return 'env' in ref ? `environment variable ${ref.env}` : `file ${ref.file}`;
}

function trimmed(value: string, ref: SecretRef): string {
  const secret = value.replace(/\r?\n$/, '');
  if (secret) return secret;
  throw unreadable(ref, 'it is empty');
}

function unreadable(ref: SecretRef, why: string): Refusal {
  return new Refusal(reason('secret-missing', { secret: nameOf(ref) }, `${nameOf(ref)}: ${why}`));
}
