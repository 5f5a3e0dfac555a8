/** Looking at balances, correcting them, and telling a Redis that lost its memory. */
import { redisScript } from "./redis-script.ts";
import { COMMON, KNOWN_EPOCH, SWEPT_FOR_SHOW_MAX } from "./tenant-script.ts";

/** ARGV from 3: keys. Answers spent and held of each. */
export const BALANCES = redisScript(`#!lua flags=allow-oom
${COMMON}
sweep(${SWEPT_FOR_SHOW_MAX})
local reply = {}
for i = 3, #ARGV do
  local spent, held = balance(ARGV[i])
  reply[#reply + 1] = number(spent)
  reply[#reply + 1] = number(held)
end
return reply
`);

/** ARGV from 3: prefix, the last key of the page before or '', how many. Answers key, spent, held. */
export const LIST = redisScript(`#!lua flags=allow-oom
${COMMON}
sweep(${SWEPT_FOR_SHOW_MAX})
local from = ARGV[4] == '' and '[' .. ARGV[3] or '(' .. ARGV[4]
local keys = redis.call('ZRANGEBYLEX', root .. 'index', from, '(' .. ARGV[3] .. '\\255', 'LIMIT', 0, ARGV[5])
local reply = {}
for _, key in ipairs(keys) do
  local spent, held = balance(key)
  reply[#reply + 1] = key
  reply[#reply + 1] = number(spent)
  reply[#reply + 1] = number(held)
end
return reply
`);

/** ARGV from 3: key, how many, how many live attempts to look at. Answers attempt, amount, end. */
export const HOLDS_ON = redisScript(`#!lua flags=allow-oom
${COMMON}
sweep(${SWEPT_FOR_SHOW_MAX})
local reply = {}
for _, attempt in ipairs(redis.call('ZRANGE', root .. 'leases', 0, ARGV[5] - 1)) do
  local found = redis.call('HMGET', root .. 'attempt:' .. attempt, '=' .. ARGV[3], 'e')
  if found[1] and #reply < ARGV[4] * 3 then
    reply[#reply + 1] = attempt
    reply[#reply + 1] = found[1]
    reply[#reply + 1] = found[2]
  end
end
return reply
`);

/** ARGV from 4: key, spent and keep of each balance. Answers what was spent before. */
export const ASSIGN = redisScript(`#!lua
${COMMON}${KNOWN_EPOCH}
sweep(${SWEPT_FOR_SHOW_MAX})
local reply = {}
for i = 4, #ARGV, 3 do
  local spent, held, new = balance(ARGV[i])
  if new then create(ARGV[i], ARGV[i + 2]) end
  write(ARGV[i], tonumber(ARGV[i + 1]), held)
  reply[#reply + 1] = number(spent)
end
return reply
`);

/**
 * Spend that was let through while Redis was away, told once. ARGV from 4: a name for this telling,
 * ms for which it is remembered; then key, amount and keep of each balance.
 */
export const CHARGE = redisScript(`#!lua flags=allow-oom
${COMMON}${KNOWN_EPOCH}
if not redis.call('SET', root .. 'charged:' .. ARGV[4], 1, 'NX', 'PX', ARGV[5]) then return 0 end
for i = 6, #ARGV, 3 do
  local spent, held, new = balance(ARGV[i])
  if new then create(ARGV[i], ARGV[i + 2]) end
  write(ARGV[i], spent + ARGV[i + 1], held)
end
return 1
`);

/** Answers whether it is the memory that the caller knows. */
export const MEET = redisScript(`#!lua flags=allow-oom
${COMMON}${KNOWN_EPOCH}
return 1
`);

/**
 * What a caller still knows of a memory that is not there any more: a first meeting, or a server
 * that came back empty. ARGV from 3: a name for the memory if it has none, number of balances; then
 * key, spent, keep of each; then of each live attempt its name, lease in ms, number of holds, and
 * key, amount and keep of those. What was spent before the loss is the most that anybody knows of it,
 * never a sum; what was spent since comes on top, whoever speaks last.
 */
export const RESTORE = redisScript(`#!lua flags=allow-oom
${COMMON}
redis.call('SET', root .. 'epoch', ARGV[3], 'NX')
local at = 5
for i = 1, tonumber(ARGV[4]) do
  local spent, held, new = balance(ARGV[at])
  local told, name = tonumber(ARGV[at + 1]), root .. 'balance:' .. ARGV[at]
  local known = tonumber(redis.call('HGET', name, 'b')) or 0
  if told > known then
    if new then create(ARGV[at], ARGV[at + 2]) end
    write(ARGV[at], spent + told - known, held)
    redis.call('HSET', name, 'b', number(told))
  end
  at = at + 3
end
while at <= #ARGV do
  local attempt, lease, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local record, known = root .. 'attempt:' .. attempt, false
  known = redis.call('EXISTS', record) == 1
  at = at + 3
  for i = 1, count do
    if not known then
      local spent, held, new = balance(ARGV[at])
      if new then create(ARGV[at], ARGV[at + 2]) end
      write(ARGV[at], spent, held + ARGV[at + 1])
      redis.call('HSET', record, '=' .. ARGV[at], ARGV[at + 1])
    end
    at = at + 3
  end
  if not known then
    redis.call('HSET', record, 'e', number(now + lease))
    redis.call('ZADD', root .. 'leases', now + lease, attempt)
  end
end
return redis.call('GET', root .. 'epoch')
`);
