import type { ServiceText } from './round.ts';

/** A second step that changes nothing and always fails; its inverse finds nothing to put back. */
const failing = { command: { argv: ['false'], observe: ['false'], undo: ['true'] } };

/** The runbooks of a lane: `forth` does the step, `back` fails after it and puts it back. */
export function runbooks(step: object, check: object): ServiceText {
  const shared = { level: 2, checks: [{ ...check, title: 'It works' }] };
  return {
    runbooks: {
      forth: { ...shared, title: 'Forth', steps: [step] },
      back: { ...shared, title: 'Back', steps: [step, failing], onFailure: 'compensate' },
    },
  };
}
