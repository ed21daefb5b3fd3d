import { pino } from 'pino';
import type { Log } from '../ports/log.ts';

/** Makes the program's log: JSON lines on standard error, so that a command line's output stays its own. */
export function createLog(level: string): Log {
  return pino(
    { level, base: null, redact: ['*.token', '*.secret', '*.password', '*.authorization'] },
    pino.destination({ dest: 2, sync: true }),
  );
}
