/** One line of `doctor`: what was looked at, whether it works, and what to do where it does not. */
export interface Finding {
  readonly subject: string;
  /** `unknown`: it could not be looked at. */
  readonly state: 'ok' | 'warning' | 'broken' | 'unknown';
  readonly message: string;
  readonly remedy: string | null;
  /** What can be applied as it stands, where that is the remedy: the text of a Kubernetes manifest. */
  readonly manifest?: string;
}

/** Looks at one part of the world and says plainly what works and what does not; reads only. */
export type Probe = (context: { readonly signal: AbortSignal }) => Promise<readonly Finding[]>;

/** A probe with what to call its part of the world where it says nothing. */
export interface NamedProbe {
  readonly subject: string;
  readonly look: Probe;
}
