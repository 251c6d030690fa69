export type Random = () => number;

/** Chance that is the same again from the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const oneOf = <T>(all: readonly T[], random: Random): T => all[Math.floor(random() * all.length)]!;

/** Each once, in any order. */
export function shuffled<T>(all: readonly T[], random: Random): T[] {
  const drawn = all.map((one) => ({ one, place: random() }));
  return drawn.sort((a, b) => a.place - b.place).map(({ one }) => one);
}
