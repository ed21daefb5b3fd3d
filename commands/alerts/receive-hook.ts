import { ulid } from 'ulid';
import type { Catalogue, HookSpec } from '../../src/domain/catalogue.ts';
import { Refusal } from '../../src/domain/reason.ts';
import type { AlertStore } from '../../src/ports/alert-store.ts';
import type { HookAnswer, HookCall } from '../../src/ports/inbound.ts';
import type { Log } from '../../src/ports/log.ts';
import type { ReadSecret } from '../../src/ports/secrets.ts';

/** What the webhook door works with. */
export interface HookDeps {
  /** The hooks of today's catalogue, from memory: a door must answer while Redis is away. */
  readonly hooks: () => Catalogue['hooks'];
  readonly readSecret: ReadSecret;
  /** Compares two secrets in a time that tells nothing of them. */
  readonly same: (one: string, other: string) => boolean;
  readonly alerts: Pick<AlertStore, 'take'>;
  /** Says that bodies wait to be worked off. */
  readonly ring: () => void;
  readonly log: Log;
}

/** A webhook call before its body is read. */
export type HookHead = Omit<HookCall, 'body'>;

/** Turns a call away by its secret before anything of its body is read; null lets it in. A name that nobody configured answers as a bad secret does. */
export async function admitHook(deps: HookDeps, head: HookHead): Promise<HookAnswer | null> {
  const spec = deps.hooks()[head.door].find(hook => hook.name === head.name);
  const shown = credentials(head.authorization);
  const secrets = spec ? await readSecrets(deps, spec) : [];
  if (spec && secrets.length === 0) return { status: 503, body: 'the secret of this hook cannot be read\n' };
  const known = secrets.some(secret => shown.some(said => deps.same(said, secret)));
  return known ? null : { status: 401, body: 'a valid bearer or basic secret is needed\n' };
}

/** Keeps the body of an admitted call durably and says so; working it off comes later. */
export async function takeHook(deps: HookDeps, call: HookCall): Promise<HookAnswer> {
  const { door, name, receivedAt, body } = call;
  if (!isBody(body)) return { status: 400, body: 'the body is no JSON object or array\n' };
  try {
    const taken = await deps.alerts.take({ id: ulid(receivedAt), door, name, receivedAt, body });
    if (taken === 'taken') deps.ring();
    return { status: 202, body: `${taken}\n` };
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    deps.log.warn({ door, name, err: failure }, 'A webhook body could not be kept; its sender is asked to try again');
    return { status: 503, body: 'not stored: try again\n' };
  }
}

async function readSecrets(deps: HookDeps, spec: HookSpec): Promise<readonly string[]> {
  const read = await Promise.allSettled(spec.secrets.map(ref => deps.readSecret(ref)));
  return read.flatMap(secret => {
    if (secret.status === 'fulfilled') return [secret.value];
    deps.log.warn({ hook: spec.name, err: secret.reason }, 'A secret of a hook cannot be read');
    return [];
  });
}

/** What a caller shows: the bearer token, or of basic credentials the password and the pair. */
function credentials(authorization: string | null): readonly string[] {
  const parts = /^(?<scheme>bearer|basic)\s+(?<value>\S+)$/i.exec(authorization?.trim() ?? '')?.groups;
  if (!parts?.value) return [];
  if (parts.scheme?.toLowerCase() === 'bearer') return [parts.value];
  const pair = decode(parts.value);
  return pair.includes(':') ? [pair.slice(pair.indexOf(':') + 1), pair] : [];
}

function decode(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), char => char.charCodeAt(0)));
  } catch {
    return '';
  }
}

function isBody(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object';
  } catch {
    return false;
  }
}
