/**
 * Holds a lock for longer, if it is still the holder's.
 *
 * KEYS  1 the lock
 * ARGV  1 the holder's token; 2 ms to hold it for, from now
 * Returns 1, or 0 when it ran out and may be somebody else's.
 */
export const EXTEND = `
local held = redis.pcall('GET', KEYS[1])
if held ~= ARGV[1] and held ~= ARGV[1] .. '+' then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`;
