/** How many people wait for an answer of this process: what else it has to do begins after them. */
export interface Answering {
  /** Somebody more waits, until what it answers is called. */
  begin(): () => void;
  /** Null where at most one person waits; else over as soon as that is so, or when it has taken too long. */
  calm(): Promise<void> | null;
}
