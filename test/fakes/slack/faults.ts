import type { ServerResponse } from 'node:http';

/** One way the front proxy misbehaves for a call. */
export type Fault =
  | { kind: 'rate-limit'; retryAfter?: number }
  | { kind: 'status'; status: number }
  | { kind: 'html' }
  | { kind: 'hang' }
  | { kind: 'drop-before' }
  | { kind: 'drop-after' }
  | { kind: 'hang-after' }
  | { kind: 'slow'; ms: number }
  | { kind: 'error'; error: string };

interface Rule {
  method: string;
  fault: Fault;
  left: number;
  matches: (args: Record<string, unknown>) => boolean;
}

/** The list of armed faults; the first that matches a call is spent on it. */
export interface Faults {
  /** Arms a fault for a method (`*` for every one), for a number of calls (default: until cleared). */
  add(method: string, fault: Fault, options?: { times?: number; matches?: Rule['matches'] }): void;
  take(method: string, args: Record<string, unknown>): Fault | undefined;
  clear(method?: string): void;
}

/** Makes an empty list of faults. */
export function createFaults(): Faults {
  let rules: Rule[] = [];
  return {
    add(method, fault, options = {}) {
      rules.push({
        method,
        fault,
        left: options.times ?? Number.POSITIVE_INFINITY,
        matches: options.matches ?? (() => true),
      });
    },
    take(method, args) {
      const rule = rules.find(one => (one.method === '*' || one.method === method) && one.matches(args));
      if (!rule) return undefined;
      rule.left -= 1;
      if (rule.left <= 0) rules = rules.filter(one => one !== rule);
      return rule.fault;
    },
    clear(method) {
      rules = method === undefined ? [] : rules.filter(one => one.method !== method);
    },
  };
}

/** Answers with a fault that never reaches the workspace; true when the answer is given (or withheld). */
export function answerFault(response: ServerResponse, fault: Fault): boolean {
  switch (fault.kind) {
    case 'rate-limit':
      response.writeHead(429, fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) });
      response.end(JSON.stringify({ ok: false, error: 'ratelimited' }));
      return true;
    case 'status':
      response.writeHead(fault.status).end('upstream error');
      return true;
    case 'html':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><body>Server is undergoing maintenance</body></html>');
      return true;
    case 'error':
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: false, error: fault.error }));
      return true;
    case 'drop-before':
      response.destroy();
      return true;
    case 'hang':
      return true;
    default:
      return false;
  }
}
