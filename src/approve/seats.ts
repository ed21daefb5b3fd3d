import type { Seat } from '../domain/approval.ts';

/** Somebody who could fill a seat: who they are and which roles they hold. */
export interface Sitter {
  readonly person: string;
  readonly roles: readonly string[];
}

/** How a rule's seats could be filled. */
export interface Seating {
  /** One entry for each place: its role and who sits there, or null. */
  readonly places: readonly { readonly role: string; readonly person: string | null }[];
  readonly complete: boolean;
  /** How many places of each role stay empty. */
  readonly open: readonly Seat[];
}

/**
 * Fills as many seats as possible, one person one seat: a maximum matching by augmenting paths, so that somebody who holds two roles
 * never blocks a seat that only they could leave free.
 */
export function fillSeats(seats: readonly Seat[], sitters: readonly Sitter[]): Seating {
  const roles = seats.flatMap(seat => Array<string>(seat.count).fill(seat.role));
  const people = [...new Map(sitters.map(sitter => [sitter.person, sitter])).values()];
  const seatedAt = new Map<number, Sitter>();

  const seat = (sitter: Sitter, tried: Set<number>): boolean => {
    for (const [place, role] of roles.entries()) {
      if (tried.has(place) || !sitter.roles.includes(role)) continue;
      tried.add(place);
      const holder = seatedAt.get(place);
      if (!holder || seat(holder, tried)) {
        seatedAt.set(place, sitter);
        return true;
      }
    }
    return false;
  };
  for (const sitter of people) seat(sitter, new Set());

  const places = roles.map((role, place) => ({ role, person: seatedAt.get(place)?.person ?? null }));
  const open = seats
    .map(({ role }) => role)
    .filter((role, at, all) => all.indexOf(role) === at)
    .map(role => ({ role, count: places.filter(place => place.role === role && place.person === null).length }))
    .filter(({ count }) => count > 0);
  return { places, complete: open.length === 0, open };
}
