import type { Answering } from '../ports/answering.ts';

/** The longest that other work waits for a burst of answers, in ms: longer than fifty of them take. */
const mostMs = 300;

/** Counts the answers that this process owes. One alone holds nothing up: what it sets going is what the person waits for. */
export function countAnswers(limitMs = mostMs): Answering {
  const waiting = new Set<() => void>();
  let owed = 0;
  const release = () => {
    for (const begin of [...waiting]) begin();
  };
  return {
    begin() {
      owed += 1;
      let open = true;
      return () => {
        if (!open) return;
        open = false;
        owed -= 1;
        if (owed <= 1) release();
      };
    },
    calm() {
      if (owed <= 1) return null;
      return new Promise(resolve => {
        const begin = () => {
          clearTimeout(timer);
          waiting.delete(begin);
          resolve();
        };
        const timer = setTimeout(begin, limitMs);
        waiting.add(begin);
      });
    },
  };
}
