import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillSeats, type Sitter } from '../../src/approve/seats.ts';
import type { Seat } from '../../src/domain/approval.ts';

const roles = ['dev', 'ops', 'boss'];

/** The most places that can be filled, by trying everything. */
function most(places: readonly string[], sitters: readonly Sitter[]): number {
  const [sitter, ...others] = sitters;
  if (!sitter) return 0;
  const seated = places.flatMap((role, at) =>
    sitter.roles.includes(role) ? [1 + most(places.toSpliced(at, 1), others)] : [],
  );
  return Math.max(most(places, others), ...seated);
}

const seats = fc.array(fc.record({ role: fc.constantFrom(...roles), count: fc.integer({ min: 0, max: 2 }) }), {
  maxLength: 3,
});
const sitters = fc.uniqueArray(
  fc.record({ person: fc.constantFrom('a', 'b', 'c', 'd', 'e'), roles: fc.subarray(roles) }),
  { selector: ({ person }) => person, maxLength: 5 },
);

describe('seats', () => {
  it('are filled as far as they can be, one person one seat', () => {
    fc.assert(
      fc.property(seats, sitters, (rule: readonly Seat[], people: readonly Sitter[]) => {
        const { places, complete, open } = fillSeats(rule, people);
        const taken = places.flatMap(({ person }) => person ?? []);
        expect(new Set(taken).size).toBe(taken.length);
        for (const { role, person } of places) {
          if (person) expect(people.find(one => one.person === person)?.roles).toContain(role);
        }
        const wanted = rule.flatMap(({ role, count }) => Array<string>(count).fill(role));
        expect(taken.length).toBe(most(wanted, people));
        expect(complete).toBe(taken.length === wanted.length);
        expect(open.reduce((sum, { count }) => sum + count, 0)).toBe(wanted.length - taken.length);
      }),
    );
  });

  it('counts a person once, however often they are named', () => {
    const twice = [
      { person: 'a', roles: ['ops'] },
      { person: 'a', roles: ['ops'] },
    ];
    expect(fillSeats([{ role: 'ops', count: 2 }], twice).open).toEqual([{ role: 'ops', count: 1 }]);
  });
});
