/** How one part of what was opened is ended. */
export type End = () => unknown;

/**
 * Opens parts that belong together; each tells `later` how it is ended. All are ended, last first, by `close`, or where
 * a later one does not open; one that fails to end leaves none of the others standing.
 */
export async function openParts<T>(
  open: (later: (end: End) => void) => Promise<T>,
): Promise<T & { readonly close: () => Promise<void> }> {
  const ends: End[] = [];
  const close = async () => {
    const failures: unknown[] = [];
    for (const end of ends.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not every part could be ended');
  };
  try {
    return { ...(await open(end => void ends.push(end))), close };
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
}
