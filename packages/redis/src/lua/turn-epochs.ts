import { TURN } from './turn.ts';

/**
 * Turns epochs by themselves, whose log is written apart.
 *
 * KEYS  the epochs
 * ARGV  1 a soft half, or nothing
 * Returns the number of those that were there.
 */
export const TURN_EPOCHS = `${TURN}
local found = 0
for _, key in ipairs(KEYS) do
  if turn(key, ARGV[1]) then found = found + 1 end
end
return found
`;
