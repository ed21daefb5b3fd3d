import type { Locale } from '../src/domain/catalogue.ts';
import type { NamedProbe } from '../src/ports/probe.ts';
import type { FindingData } from '../templates/data.ts';
import { notLookedAt } from '../templates/index.ts';

/** How much longer than it may look a probe has to say what it did not come to see, in ms. */
const graceMs = 300;

/** What probes find in so many ms. One that fails, or says nothing in time, is a finding of its own: what nobody looked at is not good. */
export async function findings(
  probes: readonly NamedProbe[],
  given: { readonly locale: Locale; readonly ms: number; readonly interrupted?: AbortSignal },
): Promise<readonly FindingData[]> {
  const until = (ms: number) =>
    AbortSignal.any([AbortSignal.timeout(ms), ...(given.interrupted ? [given.interrupted] : [])]);
  const [signal, over] = [until(given.ms), until(given.ms + graceMs)];
  const late = new Promise<never>((_, fail) => over.addEventListener('abort', () => fail(over.reason), { once: true }));
  late.catch(() => undefined);
  const looked = await Promise.allSettled(probes.map(({ look }) => Promise.race([look({ signal }), late])));
  return looked.flatMap((found, at) => {
    if (found.status === 'fulfilled') return found.value;
    return [notLookedAt(given.locale, probes[at]?.subject ?? '', signal.aborted)];
  });
}

/** Whether findings leave nothing broken and nothing unknown. */
export function isWell(found: readonly FindingData[]): boolean {
  return found.every(({ state }) => state === 'ok' || state === 'warning');
}
