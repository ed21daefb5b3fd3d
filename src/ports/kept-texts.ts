/**
 * Texts that outlive the look that read them, each under a name that says what it is: the contents of configuration by their hash, and which of
 * them the revisions of a workload ran with; the description and logs that somebody asked for, until their message is drawn. Nothing secret is ever kept here.
 */
export interface KeptTexts {
  /** The texts under these names, in their order; null where none is kept. */
  read(names: readonly string[]): Promise<readonly (string | null)[]>;
  /** Keeps a text for so many ms after it was written last, half a year unless said; refuses none, but answers false for one that is too large to be kept. */
  keep(name: string, text: string, forMs?: number): Promise<boolean>;
}
