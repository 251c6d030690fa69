import { TURN } from './turn.ts';

/**
 * Turns an epoch that does not lie with its log.
 *
 * KEYS  1 the epoch
 * ARGV  1 a soft half, or nothing
 * Returns 1 when it was there, else 0.
 */
export const TURN_EPOCH = `${TURN}
return turn(KEYS[1], ARGV[1]) and 1 or 0
`;
