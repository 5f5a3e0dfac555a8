/** What every exchange asks: set aside, resize, settle. The layout is told in tenant-script.ts. */
import { redisScript } from "./redis-script.ts";
import { COMMON, KNOWN_EPOCH, SWEPT_BY_CALL_MAX } from "./tenant-script.ts";

/** Reads holds that stand in ARGV from a position on: key, amount, limit, keep, touch, n, n keys. */
const HOLDS = `
local holds, at = {}, 7
for i = 1, tonumber(ARGV[6]) do
  local trailing = tonumber(ARGV[at + 5])
  holds[i] = { at = at, upto = at + 5 + trailing, key = ARGV[at], amount = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2]) }
  local spent, held, new = balance(ARGV[at])
  holds[i].spent, holds[i].held, holds[i].new = spent, held, new
  at = at + 6 + trailing
end
local function used(hold)
  local spent, held = balance(hold.key)
  local sum = spent + held
  for j = hold.at + 6, hold.upto do
    spent, held = balance(ARGV[j])
    sum = sum + spent + held
  end
  return sum
end
local function replied(kind)
  local reply = {kind}
  for i, hold in ipairs(holds) do
    local spent = balance(hold.key)
    reply[i * 2], reply[i * 2 + 1] = number(spent), number(used(hold))
  end
  return reply
end
`;

/** ARGV from 4: attempt, lease in ms, holds. Answers held and each hold's spent and used, or full. */
export const RESERVE = redisScript(`#!lua
${COMMON}${KNOWN_EPOCH}
sweep(${SWEPT_BY_CALL_MAX})
${HOLDS}
local record = root .. 'attempt:' .. ARGV[4]
if redis.call('EXISTS', record) == 1 then return replied('held') end
for i, hold in ipairs(holds) do
  local left = hold.limit - used(hold)
  if hold.amount > left then return {'full', i, number(math.max(left, 0))} end
end
if #holds == 0 then return {'held'} end
local ends = now + ARGV[5]
local lines = {'e', number(ends)}
for _, hold in ipairs(holds) do
  lines[#lines + 1] = '=' .. hold.key
  lines[#lines + 1] = number(hold.amount)
  write(hold.key, hold.spent, hold.held + hold.amount)
  if hold.new then
    create(hold.key, ARGV[hold.at + 3])
  elseif ARGV[hold.at + 4] == '1' then
    redis.call('ZADD', root .. 'forget', 'XX', 'GT', ARGV[hold.at + 3], hold.key)
  end
end
redis.call('HSET', record, unpack(lines))
redis.call('ZADD', root .. 'leases', ends, ARGV[4])
return replied('held')
`);

/** ARGV as for RESERVE. Answers held, full or gone. */
export const RESIZE = redisScript(`#!lua
${COMMON}${KNOWN_EPOCH}
sweep(${SWEPT_BY_CALL_MAX})
${HOLDS}
local record = root .. 'attempt:' .. ARGV[4]
if not redis.call('ZSCORE', root .. 'leases', ARGV[4]) then return {'gone'} end
for i, hold in ipairs(holds) do
  hold.before = tonumber(redis.call('HGET', record, '=' .. hold.key))
  if hold.before then
    local growth = hold.amount - hold.before
    local left = hold.limit - used(hold)
    if growth > 0 and growth > left then return {'full', i, number(math.max(left, 0))} end
  end
end
local ends = now + ARGV[5]
for _, hold in ipairs(holds) do
  if hold.before then
    write(hold.key, hold.spent, hold.held + hold.amount - hold.before)
    redis.call('HSET', record, '=' .. hold.key, number(hold.amount))
  end
end
redis.call('HSET', record, 'e', number(ends))
redis.call('ZADD', root .. 'leases', ends, ARGV[4])
return replied('held')
`);

/**
 * ARGV from 4: attempt, '' or the ms for which an attempt unknown so far is given up, number of
 * settlements; then of each key, amount, number of trailing keys and those. Answers key, before and
 * after of each balance.
 */
export const SETTLE = redisScript(`#!lua flags=allow-oom
${COMMON}${KNOWN_EPOCH}
sweep(${SWEPT_BY_CALL_MAX})
local record, count = root .. 'attempt:' .. ARGV[4], tonumber(ARGV[6])
local lines = redis.call('HGETALL', record)
if #lines == 0 then
  if ARGV[5] ~= '' then
    redis.call('HSET', record, 'v', 1)
    redis.call('PEXPIRE', record, ARGV[5])
  end
  return {}
end
local used, places, at = {}, {}, 7
for i = 1, count do
  used[ARGV[at]], places[ARGV[at]] = tonumber(ARGV[at + 1]), at
  at = at + 3 + tonumber(ARGV[at + 2])
end
local function trailing(key)
  local place, sum = places[key], 0
  if not place then return 0 end
  for j = place + 3, place + 2 + tonumber(ARGV[place + 2]) do
    sum = sum + balance(ARGV[j])
  end
  return sum
end
local dead = redis.call('HGET', record, 'd')
local reply = {}
for i = 1, #lines, 2 do
  if string.sub(lines[i], 1, 1) == '=' then
    local key, amount = string.sub(lines[i], 2), tonumber(lines[i + 1])
    local spent, held = balance(key)
    local really = count == 0 and 0 or used[key] or amount
    local after = spent + really
    if dead then after = after - amount else held = held - amount end
    write(key, after, held)
    local trail = trailing(key)
    reply[#reply + 1] = key
    reply[#reply + 1] = number(spent + trail)
    reply[#reply + 1] = number(within(after) + trail)
    reply[#reply + 1] = number(within(after))
  end
end
redis.call('DEL', record)
redis.call('ZREM', root .. 'leases', ARGV[4])
return reply
`);
