/**
 * Reads the epochs of tags, makes those that are not there, and keeps all of them for long enough. Their lives are made
 * longer only when half of them is over: who watches keys would hear of every fill otherwise.
 *
 * KEYS  the epochs
 * ARGV  1 ms that they live at most; 2 ms that they are kept for at least; then, for each, the epoch that it has if there is none
 * Returns the epochs.
 */
export const OPEN = `
local epochs = {}
for i, key in ipairs(KEYS) do
  local held = redis.pcall('GET', key)
  if type(held) == 'string' then
    if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[1]) end
  else
    held = ARGV[i + 2]
    redis.call('SET', key, held, 'PX', ARGV[1])
  end
  epochs[i] = held
end
return epochs
`;
