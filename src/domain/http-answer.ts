import { parseDuration } from './duration.ts';
import { type Expectation, fieldAt, longestSeen, unmet } from './expectation.ts';
import { hideSecrets, hideSecretsInText } from './hide.ts';
import type { Json } from './json.ts';
import type { ReleaseRef } from './release.ts';

/** An answer over HTTP, or why there was none; `total` is how long it took, in ms. */
export type HttpAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
      readonly body: string;
      readonly timings: { readonly total: number };
    }
  | { readonly kind: 'none'; readonly why: string };

/** What makes an answer good. */
export interface GoodAnswer {
  readonly status: number | readonly number[];
  readonly json: readonly Expectation[];
  readonly contains: string | null;
  /** Headers, and what each must be. */
  readonly header: Readonly<Record<string, string>>;
  /** A duration; null where it may take as long as it likes. */
  readonly within: string | null;
  /** Where it says its version or commit. */
  readonly version: { readonly json: string } | { readonly header: string } | null;
}

/** Why an answer is not good; null where it is. The words are for people: what came, without what looks like a secret, and what was expected. */
export function answerProblem(answer: HttpAnswer, wanted: GoodAnswer, to: ReleaseRef | null): string | null {
  if (answer.kind === 'none') return hideSecretsInText(answer.why).slice(0, 300);
  const statuses = typeof wanted.status === 'number' ? [wanted.status] : wanted.status;
  if (!statuses.includes(answer.status)) return `status ${answer.status}, expected ${statuses.join(' or ')}`;
  const within = wanted.within === null ? null : parseDuration(wanted.within);
  if (within !== null && answer.timings.total > within)
    return `took ${answer.timings.total} ms, expected at most ${within} ms`;
  for (const [name, value] of Object.entries(wanted.header)) {
    const found = answer.headers[name.toLowerCase()];
    if (String(found ?? '') === value) continue;
    const seen = found === undefined ? 'missing' : shown(String(found), name);
    return `header ${name} is ${seen}, expected ${value}`;
  }
  if (wanted.contains !== null && !answer.body.includes(wanted.contains))
    return `the body does not hold "${wanted.contains}"`;
  const reads = wanted.json.length > 0 || (wanted.version !== null && 'json' in wanted.version);
  const json = reads ? parse(answer.body) : null;
  if (json === undefined) return 'the body is no JSON';
  const wrong = json === null ? [] : unmet(json, wanted.json);
  if (wrong.length > 0) return wrong.join('; ');
  return versionProblem(answer, json, wanted.version, to);
}

function versionProblem(
  answer: Extract<HttpAnswer, { kind: 'answer' }>,
  json: Json,
  version: GoodAnswer['version'],
  to: ReleaseRef | null,
): string | null {
  if (!version || !to) return null;
  const found = 'json' in version ? fieldAt(json, version.json) : answer.headers[version.header.toLowerCase()];
  const said = typeof found === 'string' || typeof found === 'number' ? String(found) : null;
  const accepted = [to.version, ...Object.values(to.identity)];
  const fits =
    said !== null && accepted.some(one => one === said || (/^[0-9a-f]{7,64}$/.test(said) && one.startsWith(said)));
  return fits ? null : `it says version ${said === null ? 'nothing' : shown(said)}, expected ${to.version}`;
}

function shown(value: string, name = ''): string {
  return String(hideSecrets(value, name)).slice(0, longestSeen);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
