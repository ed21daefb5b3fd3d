import type { SecretRef } from '../domain/catalogue.ts';

/** Reads a secret where it lies (environment variable or file); throws a `Refusal` naming the reference, never the value. */
export type ReadSecret = (ref: SecretRef) => Promise<string>;
