import fc from 'fast-check';

/** Where a simulated worker dies within a step. */
export type Crash = 'none' | 'before' | 'after-begin' | 'after-apply';

/** One thing that may happen next; numbers are taken modulo what there is. */
export type Move =
  | { readonly do: 'request'; readonly target: number; readonly key: number }
  | { readonly do: 'replace'; readonly target: number; readonly stale: boolean }
  | {
      readonly do: 'step';
      readonly run: number;
      readonly worker: number;
      readonly crash: Crash;
      readonly slow: boolean;
      readonly fails: boolean;
      readonly stages: number;
    }
  | { readonly do: 'land' }
  | {
      readonly do: 'vote';
      readonly run: number;
      readonly person: number;
      readonly stale: boolean;
      readonly yes: boolean;
    }
  | { readonly do: 'cancel'; readonly run: number }
  | {
      readonly do: 'wild';
      readonly run: number;
      readonly event: number;
      readonly guard: 'version' | 'stale' | 'fence' | 'old-fence';
    }
  | { readonly do: 'zombie'; readonly run: number; readonly index: number; readonly begins: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'tick' };

const small = fc.nat({ max: 11 });
const crash = fc.constantFrom<Crash>(
  'none',
  'none',
  'none',
  'none',
  'none',
  'none',
  'before',
  'after-begin',
  'after-apply',
);
const guard = fc.constantFrom('version', 'stale', 'fence', 'old-fence');
const passing = fc.constantFrom(100, 1_500, 5_100, 5_100, 6_100, 60_000, 500_000, 700_000);

const step = fc.record({
  do: fc.constant('step' as const),
  run: small,
  worker: small,
  crash,
  slow: fc.boolean(),
  fails: fc.nat({ max: 2 }).map(dice => dice === 0),
  stages: fc.integer({ min: 1, max: 4 }),
});

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 24, arbitrary: step },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('request' as const), target: small, key: small }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), target: small, stale: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('vote' as const),
      run: small,
      person: small,
      stale: fc.nat({ max: 4 }).map(dice => dice === 0),
      yes: fc.nat({ max: 15 }).map(dice => dice > 0),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), run: small }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wild' as const), run: small, event: fc.nat({ max: 30 }), guard }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('zombie' as const), run: small, index: small, begins: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'land' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: passing }) },
  { weight: 2, arbitrary: fc.constant({ do: 'tick' as const }) },
);

/** A history: rounds of moves that happen at the same time. */
export const histories: fc.Arbitrary<readonly (readonly Move[])[]> = fc.array(
  fc.array(move, { minLength: 1, maxLength: 4 }),
  { minLength: 20, maxLength: 60, size: 'max' },
);
