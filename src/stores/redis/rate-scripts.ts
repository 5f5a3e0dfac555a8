import { REFILLS_OWED_MAX } from "../../core/money/gcra.ts";
import { PLACE_RETRY_MS } from "../place-lease.ts";
import { NOW, redisScript } from "./redis-script.ts";

/** Longer than any clock moves that a test moves; a counter that is not in use needs no memory. */
const KEPT_MS = 60_000;

/**
 * One key for each claim. ARGV: now or '', exchange, lease of a place in ms; then for each claim
 * its kind, allowance, interval in ms and amount. See core/money/gcra.ts for the arithmetic.
 *
 * Answers the number of the claim that does not fit (0: all were taken), the ms to wait, and for
 * each claim the ms until it is unused, or the places taken.
 */
export const TAKE = redisScript(`#!lua
${NOW}
local exchange, lease = ARGV[2], tonumber(ARGV[3])
local reply = {0, 0}
local after = {}
for i = 1, #KEYS do
  local at = 4 + (i - 1) * 4
  local kind = ARGV[at]
  local allowance, per = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if kind == 'places' then
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    local taken = redis.call('ZCARD', KEYS[i])
    after[i] = taken
    if taken >= allowance and reply[1] == 0 then reply[1], reply[2] = i, ${PLACE_RETRY_MS} end
  else
    local empty = math.max(tonumber(redis.call('GET', KEYS[i])) or now, now)
    empty = math.min(empty, now + per * ${REFILLS_OWED_MAX})
    local moved = empty + math.min(tonumber(ARGV[at + 3]), allowance) * per / allowance
    after[i] = empty
    local wait = moved - per - now
    if wait > 0.001 and reply[1] == 0 then reply[1], reply[2] = i, math.ceil(wait) end
    ARGV[at + 3] = moved
  end
end
for i = 1, #KEYS do
  local at = 4 + (i - 1) * 4
  if ARGV[at] == 'places' then
    if reply[1] == 0 then
      redis.call('ZADD', KEYS[i], now + lease, exchange)
      redis.call('PEXPIRE', KEYS[i], lease + ${KEPT_MS})
      after[i] = after[i] + 1
    end
    reply[i + 2] = tostring(after[i])
  else
    if reply[1] == 0 then
      after[i] = ARGV[at + 3]
      local kept = math.ceil(after[i] - now) + ${KEPT_MS}
      redis.call('SET', KEYS[i], string.format('%.17g', after[i]), 'PX', kept)
    end
    reply[i + 2] = string.format('%.6f', after[i] - now)
  end
end
return reply
`);

/**
 * One key for each claim that the end changes. ARGV: now or '', exchange; then for each its kind,
 * allowance, interval in ms, amount taken and amount used.
 */
export const END = redisScript(`#!lua flags=allow-oom
${NOW}
for i = 1, #KEYS do
  local at = 3 + (i - 1) * 5
  if ARGV[at] == 'places' then
    redis.call('ZREM', KEYS[i], ARGV[2])
  else
    local allowance, per = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local taken, used = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local moved = (used - math.min(taken, allowance)) * per / allowance
    local empty = tonumber(redis.call('GET', KEYS[i])) or now
    if moved > 0 then empty = math.max(empty, now) end
    empty = math.min(empty + moved, now + per * ${REFILLS_OWED_MAX})
    if empty <= now then
      redis.call('DEL', KEYS[i])
    else
      local kept = math.ceil(empty - now) + ${KEPT_MS}
      redis.call('SET', KEYS[i], string.format('%.17g', empty), 'PX', kept)
    end
  end
end
`);

/** One key of places. ARGV: now or '', lease in ms, then the exchanges that still run. */
export const RENEW = redisScript(`#!lua flags=allow-oom
${NOW}
local lease = tonumber(ARGV[2])
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', now + lease, ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], lease + ${KEPT_MS})
`);
