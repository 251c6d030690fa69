import { OFF } from '../epoch.ts';

/**
 * A function for scripts: an epoch is made another one, in its soft half only where one is given and Redis has room for
 * it, and else removed; true where there was one. What says that the cache is turned off stays.
 */
export const TURN = `
local function turn(key, soft)
  local held = redis.pcall('GET', key)
  if held == '${OFF}' then return false end
  if type(held) == 'string' and soft ~= '' then
    local left = redis.call('PTTL', key)
    local kept = left > 0 and redis.pcall('SET', key, string.match(held, '^[^.]*') .. soft, 'PX', left)
    if kept and not kept.err then return true end
  end
  return redis.call('UNLINK', key) == 1
end
`;
