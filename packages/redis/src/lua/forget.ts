import { OFF } from './invalidate.ts';

/**
 * Removes an epoch, unless it says that the cache is turned off.
 *
 * KEYS  1 the epoch
 * Returns 1 when it was there.
 */
export const FORGET = `
if redis.pcall('GET', KEYS[1]) == '${OFF}' then return 0 end
return redis.call('UNLINK', KEYS[1])
`;
