/** A fact shown to people: a code whose sentence stands in `templates/notes.ts` in both languages, with the values it names. */
export interface Note {
  readonly code: string;
  readonly facts?: Readonly<Record<string, string | number | readonly string[]>>;
  /** Quoted as it is, e.g. a server's own words; already redacted. */
  readonly detail?: string;
}

/** Makes a note. */
export function note(code: string, facts?: Note['facts'], detail?: string): Note {
  return { code, ...(facts ? { facts } : {}), ...(detail ? { detail } : {}) };
}
