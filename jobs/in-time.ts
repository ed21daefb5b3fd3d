/** What some work comes to; throws the signal's reason where that is aborted first, and work that does not hear it is left to itself. */
export async function inTime<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    throw signal.reason;
  }
  let onAbort: (() => void) | undefined;
  const over = new Promise<never>((_, fail) => {
    onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}
