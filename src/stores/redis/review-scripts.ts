/**
 * Reviews of one tenant. ARGV[2] is what all names of the tenant begin with:
 *
 *     <root>review:<id>            hash: `b` the review as JSON, `r` its revision, `s` its status,
 *                                  `x` when it expires in ms, `f` fingerprint, `p` policy, `a` agent
 *     <root>reviews                ids of all, by name
 *     <root>reviews:waiting        ids of those that wait, by name
 *     <root>reviews:of:<agent>     ids of the agent's that wait, by when they expire
 *     <root>reviews:same:<fp>      ids of the newest reviews of one call, newest first
 *     <root>reviews:override:<fp>  id of the override of one call, until it expires
 *     <root>reviews:attend         ids of which somebody has to be told, by when
 *     <root>reviews:forget         ids by when they may be forgotten
 *
 * Every change is published by the review's id.
 */
import { PENDING_REVIEWS_MAX, REVIEW_KEPT_MS } from "../review-limits.ts";
import { NOW, redisScript } from "./redis-script.ts";

/** Reviews of one call that are looked at: those before them have ended long since. */
const SAME_MAX = 16;
/** Old reviews that one request takes away on its way. */
const PRUNED_MAX = 8;
/** Reviews that one list looks at; behind them a page ends early. */
const SCANNED_MAX = 20_000;
const SCANNED_AT_ONCE = 200;

export const STORED = "stored";
export const CROWDED = "crowded";

/** How many arguments a review takes; `reviewArgs` writes them. */
const REVIEW_ARGS = 10;

const COMMON = `${NOW}
local root = ARGV[2]
local function waits(status)
  return status == 'pending' or status == 'acknowledged' or status == 'deferred'
end
local function statusNow(status, expires)
  if (waits(status) or status == 'approved') and tonumber(expires) <= now then return 'expired' end
  return status
end
local function put(i)
  local id, body, rev, status, expires = unpack(ARGV, i, i + 4)
  local attend, fp, agent, policy, override = unpack(ARGV, i + 5, i + 9)
  local name = root .. 'review:' .. id
  redis.call('HSET', name, 'b', body, 'r', rev, 's', status, 'x', expires)
  redis.call('HSET', name, 'f', fp, 'p', policy, 'a', agent)
  redis.call('ZADD', root .. 'reviews', 0, id)
  redis.call('ZADD', root .. 'reviews:forget', expires + ${REVIEW_KEPT_MS}, id)
  if waits(status) then
    redis.call('ZADD', root .. 'reviews:waiting', 0, id)
    redis.call('ZADD', root .. 'reviews:of:' .. agent, expires, id)
  else
    redis.call('ZREM', root .. 'reviews:waiting', id)
    redis.call('ZREM', root .. 'reviews:of:' .. agent, id)
  end
  if attend == '' then
    redis.call('ZREM', root .. 'reviews:attend', id)
  else
    redis.call('ZADD', root .. 'reviews:attend', attend, id)
  end
  if override == '' then return end
  local key = root .. 'reviews:override:' .. fp
  if status == 'approved' and expires - now >= 1 then
    redis.call('SET', key, id, 'PX', string.format('%.0f', expires - now))
  else
    redis.call('DEL', key)
  end
end
local function remember(i)
  local same = root .. 'reviews:same:' .. ARGV[i + 6]
  redis.call('LPUSH', same, ARGV[i])
  redis.call('LTRIM', same, 0, ${SAME_MAX - 1})
  redis.call('PEXPIRE', same, ${REVIEW_KEPT_MS})
end
`;

/** ARGV: now, root, channel, and the review. Answers with the body of what stands, or a word. */
export const REQUEST_REVIEW = redisScript(`${COMMON}
local fp, agent, policy, override = ARGV[10], ARGV[11], ARGV[12], ARGV[13]
local old = redis.call('ZRANGEBYSCORE', root .. 'reviews:forget', '-inf', now, 'LIMIT', 0, ${PRUNED_MAX})
for _, id in ipairs(old) do
  local whose = redis.call('HGET', root .. 'review:' .. id, 'a') or ''
  redis.call('DEL', root .. 'review:' .. id)
  redis.call('ZREM', root .. 'reviews', id)
  redis.call('ZREM', root .. 'reviews:waiting', id)
  redis.call('ZREM', root .. 'reviews:of:' .. whose, id)
  redis.call('ZREM', root .. 'reviews:attend', id)
  redis.call('ZREM', root .. 'reviews:forget', id)
end
if override == '' then
  for _, id in ipairs(redis.call('LRANGE', root .. 'reviews:same:' .. fp, 0, -1)) do
    local found = redis.call('HMGET', root .. 'review:' .. id, 's', 'x', 'p', 'b')
    if found[1] and tonumber(found[2]) > now then
      local answered = found[1] == 'approved' or found[1] == 'denied'
      if waits(found[1]) or (answered and found[3] == policy) then return found[4] end
    end
  end
  local waiting = redis.call('ZCOUNT', root .. 'reviews:of:' .. agent, '(' .. string.format('%.3f', now), '+inf')
  if waiting >= ${PENDING_REVIEWS_MAX} then return '${CROWDED}' end
  remember(4)
end
put(4)
redis.call('PUBLISH', ARGV[3], ARGV[4])
return '${STORED}'
`);

/** ARGV: now, root, channel, the review as it is to be, and the one that is opened with it. */
export const CHANGE_REVIEW = redisScript(`${COMMON}
local had = redis.call('HGET', root .. 'review:' .. ARGV[4], 'r')
if not had or tonumber(had) ~= ARGV[6] - 1 then return 0 end
put(4)
local opened = 4 + ${REVIEW_ARGS}
if ARGV[opened] then
  remember(opened)
  put(opened)
end
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
`);

/** Tenants are on different nodes of a cluster: whoever looks at all asks for their names first. */
export const ADD_TENANT = redisScript("return redis.call('SADD', KEYS[1], ARGV[1])");
export const TENANTS = redisScript("return redis.call('SMEMBERS', KEYS[1])");

/** ARGV: now, root, id. */
export const FIND_REVIEW = redisScript(`
return redis.call('HGET', ARGV[2] .. 'review:' .. ARGV[3], 'b')
`);

/** ARGV: now, root, status or '', agent or '', the id before the first, how many. */
export const LIST_REVIEWS = redisScript(`${COMMON}
local status, agent, limit = ARGV[3], ARGV[4], tonumber(ARGV[6])
local place = root .. (waits(status) and 'reviews:waiting' or 'reviews')
local from = ARGV[5] == '' and '-' or '(' .. ARGV[5]
local out, scanned = {}, 0
while #out < limit and scanned < ${SCANNED_MAX} do
  local ids = redis.call('ZRANGEBYLEX', place, from, '+', 'LIMIT', 0, ${SCANNED_AT_ONCE})
  if #ids == 0 then break end
  for _, id in ipairs(ids) do
    local found = redis.call('HMGET', root .. 'review:' .. id, 's', 'x', 'a', 'b')
    local fits = found[1] and (status == '' or statusNow(found[1], found[2]) == status)
    if fits and (agent == '' or found[3] == agent) and #out < limit then
      out[#out + 1] = found[4]
    end
  end
  scanned = scanned + #ids
  from = '(' .. ids[#ids]
end
return out
`);

/** ARGV: now, root, fingerprint. */
export const FIND_OVERRIDE = redisScript(`${COMMON}
local id = redis.call('GET', root .. 'reviews:override:' .. ARGV[3])
if not id then return false end
local found = redis.call('HMGET', root .. 'review:' .. id, 's', 'x', 'b')
if found[1] ~= 'approved' or tonumber(found[2]) <= now then return false end
return found[3]
`);

/** ARGV: now, root, until when, how many. */
export const UNATTENDED_REVIEWS = redisScript(`
local out, root = {}, ARGV[2]
for _, id in ipairs(redis.call('ZRANGEBYSCORE', root .. 'reviews:attend', '-inf', ARGV[3], 'LIMIT', 0, ARGV[4])) do
  local body = redis.call('HGET', root .. 'review:' .. id, 'b')
  if body then out[#out + 1] = body end
end
return out
`);
