import { type Note, note } from '../../domain/note.ts';
import type { AlertStore } from '../../ports/alert-store.ts';
import type { Check } from '../../ports/check.ts';

/** Passes once the alert that started the run is resolved; an alert that nobody hears of any more stays open (promise 6). */
export function alertCleared(deps: { readonly alerts: Pick<AlertStore, 'episode'> }): Check {
  return {
    kind: 'alert-cleared',
    start: context => async () => {
      const fingerprint = context.of.request.episode;
      if (fingerprint === null) return { status: 'unknown', note: note('no-alert-to-clear') };
      const episode = await deps.alerts.episode(fingerprint);
      if (!episode) return { status: 'waiting', note: note('alert-not-heard') };
      const facts = { alert: episode.name };
      const cleared = (since: number): Note => note('alert-cleared', { ...facts, at: new Date(since).toISOString() });
      return episode.resolvedAt === null
        ? { status: 'waiting', note: note('alert-firing', facts) }
        : { status: 'passed', note: cleared(episode.resolvedAt) };
    },
  };
}
