import { TURN } from './turn.ts';

/**
 * Writes down that tags are invalidated and turns their epochs, in one step: whoever makes an epoch of theirs anew
 * after this finds the invalidation in the log. Who listens is told that there is something to read.
 *
 * KEYS  1 the log; then the epochs
 * ARGV  1 ms to keep the log for; 2 entries to keep in it; 3 a channel, or nothing; 4 a soft half, or nothing; then
 *       what to write down, as fields and their values
 * Returns the number of epochs that were there.
 *
 * A full Redis takes no entry, but still forgets: a log that is gone is as good to those who read it. Whatever else
 * keeps it from being written is told, with nothing done.
 */
export const INVALIDATE = `${TURN}
local entry = {}
for i = 5, #ARGV do entry[#entry + 1] = ARGV[i] end
local logged = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', unpack(entry))
if type(logged) ~= 'table' or not logged.err then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
elseif string.find(logged.err, 'OOM', 1, true) or string.find(logged.err, 'WRONGTYPE', 1, true) then
  redis.call('UNLINK', KEYS[1])
else
  return logged
end
local found = 0
for i = 2, #KEYS do
  if turn(KEYS[i], ARGV[4]) then found = found + 1 end
end
if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3], '') end
return found
`;
