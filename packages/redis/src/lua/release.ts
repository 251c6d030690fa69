/**
 * Lets go of a lock, if it is still the holder's, and tells those who wait; where it is gone, nobody knows whether
 * somebody does, and all are told.
 *
 * KEYS  1 the lock
 * ARGV  1 the holder's token; 2 the channel, or nothing; 3 what to tell
 * Returns 1, or 0 when it ran out and may be somebody else's.
 */
export const RELEASE = `
local held = redis.pcall('GET', KEYS[1])
local function tell()
  if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
end
if held == false then tell() end
if held ~= ARGV[1] and held ~= ARGV[1] .. '+' then return 0 end
redis.call('DEL', KEYS[1])
if held ~= ARGV[1] then tell() end
return 1
`;
