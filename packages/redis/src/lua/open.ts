/**
 * Reads the epochs of tags, makes those that are not there, and keeps all of them for as long again.
 *
 * KEYS  the epochs
 * ARGV  1 ms to keep them for; then, for each, the epoch that it has if there is none
 * Returns the epochs.
 */
export const OPEN = `
local epochs = {}
for i, key in ipairs(KEYS) do
  local held = redis.pcall('GET', key)
  if type(held) == 'string' then
    redis.call('PEXPIRE', key, ARGV[1])
  else
    held = ARGV[i + 1]
    redis.call('SET', key, held, 'PX', ARGV[1])
  end
  epochs[i] = held
end
return epochs
`;
