/** A workload that runs somewhere, as far as a catalogue can name it. */
export interface FoundWorkload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
  /** Images as its pod template names them. */
  readonly images: readonly string[];
  /** Tools that render it, by name: they would undo a rollback. */
  readonly owners: readonly string[];
}

/** Looks at what runs in the namespaces named, or in all where none is. Only reads; throws a `Refusal` where it may not. */
export type Discover = (namespaces: readonly string[], signal: AbortSignal) => Promise<readonly FoundWorkload[]>;
