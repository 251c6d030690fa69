/** A number from 0 to less than 1, evenly spread: chance as an argument, like the clock. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
