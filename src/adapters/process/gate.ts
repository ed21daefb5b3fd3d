import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/**
 * A small Node program that waits on file descriptor 3 for what to become, and then becomes it by execve: same pid, same start time, no shell.
 * Until its parent has journalled it nothing of the real program has run; a parent that dies first closes the pipe, and the gate just exits.
 * Program, arguments and environment come through the pipe, so nothing in the environment (NODE_OPTIONS, …) acts on the gate itself.
 */
export const gateProgram = [
  "const { readFileSync, closeSync } = require('node:fs');",
  'let go;',
  "try { go = JSON.parse(readFileSync(3, 'utf8')); } catch { process.exit(125); }",
  'closeSync(3);',
  'process.execve(go.file, go.argv, go.env);',
].join('\n');

/** What the gate is told: it becomes this. */
export interface GateMessage {
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Finds an executable as execvp would, in the child's own PATH; null where there is none. */
export function findProgram(name: string, path: string, cwd: string): string | null {
  const places = name.includes('/')
    ? [resolve(cwd, name)]
    : path
        .split(delimiter)
        .filter(Boolean)
        .map(folder => resolve(folder, name));
  return places.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
