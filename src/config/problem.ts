/** A way into the catalogue: keys and indexes from the top. */
export type Path = readonly (string | number)[];

/** One thing wrong with a catalogue file, with its place (both from 1). A `warning` does not keep it from being used. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** Writes a problem as `file:line:column: message`, as compilers do. */
export function formatProblem(problem: Problem): string {
  const mark = problem.severity === 'warning' ? 'warning: ' : '';
  return `${problem.file}:${problem.line}:${problem.column}: ${mark}${problem.message}`;
}

/** Says where a path stands in the text: at its value, or at its key. */
export type Locate = (path: Path, at: 'key' | 'value') => { readonly line: number; readonly column: number };

/** Collects what is wrong, so that all of it is told at once. */
export interface Reporter {
  error(path: Path, message: string, at?: 'key' | 'value'): void;
  warn(path: Path, message: string, at?: 'key' | 'value'): void;
}

/** Makes a reporter that appends to `problems`; the same sentence at the same place is told once. */
export function reporter(file: string, locate: Locate, problems: Problem[]): Reporter {
  const add = (severity: Problem['severity'], path: Path, message: string, at: 'key' | 'value') => {
    const { line, column } = locate(path, at);
    const known = problems.some(told => told.line === line && told.column === column && told.message === message);
    if (!known) problems.push({ severity, file, line, column, path: path.join('.'), message });
  };
  return {
    error: (path, message, at = 'value') => add('error', path, message, at),
    warn: (path, message, at = 'value') => add('warning', path, message, at),
  };
}
