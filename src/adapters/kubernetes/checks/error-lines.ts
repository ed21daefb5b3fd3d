import { createContext, Script } from 'node:vm';
import type { z } from 'zod';
import type { linePattern } from './input.ts';

/** All lines of one pod have to be matched in this time, in ms: an expression that explodes must not hold up the process. */
const limitMs = 200;
/** So much of a line is looked at. */
const longestLine = 2_000;
const matching = new Script(
  'const made = new RegExp(pattern, flags); const found = []; for (const line of lines) if (made.test(line)) found.push(line); found',
);

/** What to look for in lines. */
export interface LineSearch {
  readonly pattern: z.infer<typeof linePattern>;
  readonly ignoreCase: boolean;
  readonly except: readonly string[];
}

/** The lines that match and are not excepted; null where the expression takes too long to say. */
export function errorLines(
  lines: readonly string[],
  { pattern, ignoreCase, except }: LineSearch,
): readonly string[] | null {
  const cut = lines.map(line => line.slice(0, longestLine));
  const found =
    typeof pattern === 'string' ? withText(cut, pattern, ignoreCase) : withExpression(cut, pattern.regex, ignoreCase);
  return found?.filter(line => !except.some(text => line.includes(text))) ?? null;
}

function withText(lines: readonly string[], text: string, ignoreCase: boolean): string[] {
  const as = (line: string) => (ignoreCase ? line.toLowerCase() : line);
  return lines.filter(line => as(line).includes(as(text)));
}

function withExpression(lines: readonly string[], pattern: string, ignoreCase: boolean): string[] | null {
  const context = createContext({ pattern, flags: ignoreCase ? 'iu' : 'u', lines });
  try {
    const found: unknown = matching.runInContext(context, { timeout: limitMs });
    return Array.isArray(found) ? Array.from(found, String) : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return null;
    throw error;
  }
}
