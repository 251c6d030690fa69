import type { Random } from './random.ts';

export interface Costly {
  readonly freshUntil: number;
  /** Ms that it took to make. */
  readonly costMs: number;
}

/** -ln of the smallest number that chance comes up with, about. */
const MOST = 37;

/**
 * Whether to make anew what is still fresh (XFetch: Vattani, Chierichetti and Lowenstein, "Optimal probabilistic cache
 * stampede prevention"). The nearer its end and the longer it took to make, the likelier; the likelier still the
 * larger `beta` is, of which 1 is the usual and 0 never.
 */
export function isDueEarly(
  { freshUntil, costMs }: Costly,
  beta: number,
  now: number,
  random: Random,
): boolean {
  const scale = costMs * beta;
  if (freshUntil - now >= scale * MOST) return false;
  return freshUntil - now <= scale * -Math.log(1 - random());
}

/** Seconds less up to the share `jitter` of them, so that what was stored together does not end together. */
export const jittered = (seconds: number, jitter: number, chance: number): number =>
  seconds * (1 - jitter * chance);
