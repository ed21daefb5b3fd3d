/** Whether what is held may be answered: yes, not now, or that is being found out. */
export type TrustState = 'given' | 'away' | 'opening';

/** The trust in what an informer holds. */
export interface Trust {
  enter(state: TrustState): void;
  /** Whether it is given; while that is being found out, waits for so many ms. */
  given(patienceMs: number, signal: AbortSignal): Promise<boolean>;
}

/** Trust that is about to be won. */
export function createTrust(): Trust {
  let state: TrustState = 'opening';
  const waiting = new Set<() => void>();
  const enter = (next: TrustState): void => {
    state = next;
    if (next === 'opening') return;
    for (const go of [...waiting]) go();
  };
  return {
    enter,
    given: async (patienceMs, signal) => {
      if (state === 'opening' && !signal.aborted) {
        await new Promise<void>(resolve => {
          const go = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', go);
            waiting.delete(go);
            resolve();
          };
          // Whoever asks after this one waits no more.
          const timer = setTimeout(() => enter('away'), patienceMs);
          signal.addEventListener('abort', go, { once: true });
          waiting.add(go);
        });
      }
      return state === 'given';
    },
  };
}
