/**
 * Takes a lock that nobody holds, or marks on it that somebody waits, so that only then its release is told.
 *
 * KEYS  1 the lock: the holder's token, and a `+` behind it once somebody waits
 * ARGV  1 the token of who asks; 2 ms to hold it for
 * Returns 0 when it is the asker's, else the ms that it is the holder's for.
 *
 * Whatever cannot be a token that runs out, of another type, another length or without a TTL, is not a holder.
 */
export const ACQUIRE = `
local held = redis.pcall('GET', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if type(held) == 'string' and left > 0 then
  if #held == #ARGV[1] then
    redis.call('APPEND', KEYS[1], '+')
    return left
  elseif #held == #ARGV[1] + 1 and string.sub(held, -1) == '+' then
    return left
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
`;
