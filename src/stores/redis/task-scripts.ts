/**
 * Tasks of one tenant. ARGV[2] is what all names of the tenant begin with:
 *
 *     <root>task:<id>          hash: `b` the task as JSON, `r` its revision, `w` whose it is within
 *                              the agent; gone when the task expires
 *     <root>tasks:of:<agent>   ids of the agent's tasks, by when they expire
 */
import { TASKS_MAX } from "../../core/task/task-store.ts";
import { NOW, redisScript } from "./redis-script.ts";

const LIVING = `${NOW}
local root = ARGV[2]
local function prune(index)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', string.format('%.0f', now))
end
local function put(id, body, revision, expires)
  local name = root .. 'task:' .. id
  redis.call('HSET', name, 'b', body, 'r', revision)
  redis.call('PEXPIRE', name, string.format('%.0f', math.max(expires - now, 1)))
end
`;

/** ARGV: now, root, id, body, revision, expires, agent, whose. */
export const OPEN_TASK = redisScript(`${LIVING}
local index = root .. 'tasks:of:' .. ARGV[7]
prune(index)
if redis.call('ZCARD', index) >= ${TASKS_MAX} then return 0 end
put(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('HSET', root .. 'task:' .. ARGV[3], 'w', ARGV[8])
redis.call('ZADD', index, ARGV[6], ARGV[3])
return 1
`);

/** ARGV: now, root, id, body, revision, expires. */
export const CHANGE_TASK = redisScript(`${LIVING}
local had = redis.call('HGET', root .. 'task:' .. ARGV[3], 'r')
if not had or tonumber(had) ~= ARGV[5] - 1 then return 0 end
put(ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1
`);

/** ARGV: now, root, id. */
export const FIND_TASK = redisScript(`
return redis.call('HGET', ARGV[2] .. 'task:' .. ARGV[3], 'b')
`);

/** ARGV: now, root, agent, whose, the id before the first, how many. */
export const LIST_TASKS = redisScript(`${LIVING}
local index = root .. 'tasks:of:' .. ARGV[3]
prune(index)
local ids = redis.call('ZRANGE', index, 0, -1)
table.sort(ids)
local out = {}
for _, id in ipairs(ids) do
  if id > ARGV[5] and #out < tonumber(ARGV[6]) then
    local found = redis.call('HMGET', root .. 'task:' .. id, 'w', 'b')
    if found[1] == ARGV[4] then out[#out + 1] = found[2] end
  end
end
return out
`);
