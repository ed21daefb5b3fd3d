import type { PersonId } from './ids.ts';

/** Who did something: a person and the door they came through, or a part of the system. */
export type Actor =
  | {
      readonly kind: 'person';
      readonly person: PersonId;
      readonly name: string;
      readonly via: 'slack' | 'cli';
      readonly slack?: string;
    }
  | { readonly kind: 'system'; readonly name: string };

/** Makes an actor of a part of the system, e.g. a worker, a timer or a webhook. */
export function systemActor(name: string): Actor {
  return { kind: 'system', name };
}
