/** What stands in place of the namespace's epoch while its cache is turned off: no entry is ever born with it. */
export const OFF = 'off';

/**
 * Writes down that tags are invalidated and removes their epochs, in one step: whoever makes an epoch of theirs anew
 * after this finds the invalidation in the log. A cache that is turned off stays so.
 *
 * KEYS  1 the log; then the epochs
 * ARGV  1 ms to keep the log for; 2 entries to keep in it; 3 a nonce; then what the log calls the tags
 * Returns the number of epochs that were there.
 *
 * A full Redis takes no entry, but still forgets: a log that is gone is as good to those who read it. Whatever else
 * keeps it from being written is told, with nothing done.
 */
export const INVALIDATE = `
local entry = { 'nonce', ARGV[3] }
for i = 4, #ARGV do
  entry[#entry + 1] = 'tag'
  entry[#entry + 1] = ARGV[i]
end
local logged = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(entry))
if type(logged) ~= 'table' or not logged.err then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
elseif string.find(logged.err, 'OOM', 1, true) or string.find(logged.err, 'WRONGTYPE', 1, true) then
  redis.call('UNLINK', KEYS[1])
else
  return logged
end
local removed = 0
for i = 2, #KEYS do
  if redis.pcall('GET', KEYS[i]) ~= '${OFF}' then removed = removed + redis.call('UNLINK', KEYS[i]) end
end
return removed
`;
