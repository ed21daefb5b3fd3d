/** How a child process ended. Output is capped (head and tail kept) and redacted. */
export interface ProcessResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** What to run: an argv array, never a shell. */
export interface ProcessRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  /** The child's whole environment besides PATH, HOME, LANG; nothing of ours is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Values to blot out of the output. */
  readonly secrets?: readonly string[];
  /** Called with pid and start time before the program runs its first instruction, and awaited. */
  readonly onStart?: (process: { readonly pid: number; readonly startTime: string }) => Promise<void>;
}

/** Runs programs in process groups of their own: TERM to the group on time-out or abort, KILL after a grace time. Never throws for a program's failure. */
export interface Processes {
  run(request: ProcessRequest): Promise<ProcessResult>;
  /** Where a program lies on the children's search path, or as given; null where there is none. */
  find(program: string, cwd?: string): string | null;
  /** Ends a process group that a dead worker left; a pid whose start time differs is somebody else's and is left alone. Answers whether it is gone. */
  end(process: { readonly pid: number; readonly startTime: string }): Promise<boolean>;
}
