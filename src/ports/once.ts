/** Remembers what was seen, shared by all processes: true the first time a key is named within `ttlMs`, false after. */
export type Once = (key: string, ttlMs: number) => Promise<boolean>;
