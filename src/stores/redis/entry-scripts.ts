/**
 * Entries of the directory that replicas share. ARGV[2] is what all their names begin with; a member
 * is `<kind>|<id>`:
 *
 *     <root>entry:<member>      hash: `b` the body as JSON, `r` its revision, `t` tenant, `c` when it
 *                               was made, `o` owner, `n` unique name; without `b` it was removed
 *     <root>of:<kind>…          ids by name: all, a tenant's, an owner's
 *     <root>names:<kind>        hash: the id that has a unique name
 *     <root>feed                members by the revision of their last change
 *     <root>ends                members by when they are over
 *     <root>revision            the last revision; a memory that begins anew numbers on from the
 *                               time, so that nothing new is older than what anybody has seen
 *     <root>began               the first revision of this memory; another one: Redis lost what it knew
 *
 * Every change is published by its revision.
 */
import { NOW, redisScript } from "./redis-script.ts";

/** Members that one look takes; those of one write stay together. */
const CHANGES_AT_ONCE = 500;
const PRUNED_AT_ONCE = 1_000;

/** How many arguments a write takes, and what it puts. */
const WRITE_ARGS = 10;
const PUT_ARGS = 8;

export const TAKEN = "taken";
const CHANGED = "changed";

const COMMON = `${NOW}
local root = ARGV[2]
local function entry(member) return root .. 'entry:' .. member end
local function number(n) return string.format('%.0f', n) end
local function lists(kind, tenant, owner)
  local all = root .. 'of:' .. kind
  local own = all .. ':' .. #tenant .. ':' .. tenant
  if owner == '' then return { all, own } end
  return { all, own, own .. ':' .. owner }
end
local function revise()
  local at = redis.call('INCR', root .. 'revision')
  if at > 1 then return number(at) end
  local first = number(math.floor(now))
  redis.call('SET', root .. 'revision', first)
  redis.call('SET', root .. 'began', first)
  return first
end
local function unlist(kind, id)
  local member = kind .. '|' .. id
  local had = redis.call('HMGET', entry(member), 't', 'o', 'n', 'b')
  if not had[4] then return end
  for _, list in ipairs(lists(kind, had[1], had[2])) do redis.call('ZREM', list, id) end
  if had[3] ~= '' then redis.call('HDEL', root .. 'names:' .. kind, had[3]) end
  redis.call('ZREM', root .. 'ends', member)
end
local function put(i, revision)
  local kind, id, tenant, created, body, owner, name, ends = unpack(ARGV, i, i + ${PUT_ARGS - 1})
  local member = kind .. '|' .. id
  unlist(kind, id)
  redis.call('HSET', entry(member), 'b', body, 'r', revision, 't', tenant)
  redis.call('HSET', entry(member), 'c', created, 'o', owner, 'n', name)
  for _, list in ipairs(lists(kind, tenant, owner)) do redis.call('ZADD', list, 0, id) end
  if name ~= '' then redis.call('HSET', root .. 'names:' .. kind, name, id) end
  if ends ~= '' then redis.call('ZADD', root .. 'ends', ends, member) end
  redis.call('ZADD', root .. 'feed', revision, member)
end
local function shown(kind, id)
  local found = redis.call('HMGET', entry(kind .. '|' .. id), 't', 'r', 'c', 'b')
  if not found[4] then return {} end
  return { id, found[1], found[2], found[3], found[4] }
end
`;

/** ARGV: now, root, channel, then of each write: how, what is expected, and what `put` reads. */
export const WRITE_ENTRIES = redisScript(`${COMMON}
for i = 4, #ARGV, ${WRITE_ARGS} do
  local how, expect, kind, id = unpack(ARGV, i, i + 3)
  local name = ARGV[i + 8]
  local standing = redis.call('HMGET', entry(kind .. '|' .. id), 'r', 'b')
  if how == 'put' and name ~= '' then
    local other = redis.call('HGET', root .. 'names:' .. kind, name)
    if other and other ~= id then return { '${TAKEN}', id } end
  end
  if expect == 'absent' then
    if standing[2] then return { '${TAKEN}', id } end
  elseif expect ~= 'any' and (not standing[2] or standing[1] ~= expect) then
    return { '${CHANGED}', id }
  end
end
local revision = revise()
for i = 4, #ARGV, ${WRITE_ARGS} do
  local how, _, kind, id = unpack(ARGV, i, i + 3)
  local member = kind .. '|' .. id
  if how == 'put' then
    put(i + 2, revision)
  elseif redis.call('HEXISTS', entry(member), 'b') == 1 then
    unlist(kind, id)
    redis.call('HDEL', entry(member), 'b', 'c', 'o', 'n')
    redis.call('HSET', entry(member), 'r', revision)
    redis.call('ZADD', root .. 'feed', revision, member)
  end
end
redis.call('PUBLISH', ARGV[3], revision)
return { revision }
`);

/**
 * What a memory that was lost is told again: each entry that is not there, or is older there.
 * ARGV: now, root, channel, then of each: its revision, and what `put` reads.
 */
export const TELL_ENTRIES = redisScript(`${COMMON}
local revision
for i = 4, #ARGV, ${PUT_ARGS + 1} do
  local member = ARGV[i + 1] .. '|' .. ARGV[i + 2]
  local standing = redis.call('HGET', entry(member), 'r')
  if not standing or tonumber(standing) < tonumber(ARGV[i]) then
    revision = revision or revise()
    put(i + 1, revision)
  end
end
if revision then redis.call('PUBLISH', ARGV[3], revision) end
return 1
`);

/** ARGV: now, root, kind, id. */
export const GET_ENTRY = redisScript(`${COMMON}
return shown(ARGV[3], ARGV[4])
`);

/** ARGV: now, root, kind, name. */
export const ENTRY_NAMED = redisScript(`${COMMON}
local id = redis.call('HGET', root .. 'names:' .. ARGV[3], ARGV[4])
return id and shown(ARGV[3], id) or {}
`);

/** ARGV: now, root, kind, whether one tenant's alone, tenant, owner, the id before the first, how many. */
export const LIST_ENTRIES = redisScript(`${COMMON}
local kind, alone, tenant, owner, after = unpack(ARGV, 3, 7)
local all = lists(kind, tenant, owner)
local list = alone == '1' and all[#all] or all[1]
local from = after == '' and '-' or '(' .. after
local out = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', list, from, '+', 'LIMIT', 0, ARGV[8])) do
  for _, part in ipairs(shown(kind, id)) do out[#out + 1] = part end
end
return out
`);

/** ARGV: now, root, kind. */
export const COUNT_ENTRIES = redisScript(`${COMMON}
return redis.call('ZCARD', root .. 'of:' .. ARGV[3])
`);

/** ARGV: now, root, before. */
export const PRUNE_ENTRIES = redisScript(`${COMMON}
local over = redis.call('ZRANGEBYSCORE', root .. 'ends', '-inf', '(' .. ARGV[3], 'LIMIT', 0, ${PRUNED_AT_ONCE})
for _, member in ipairs(over) do
  local at = string.find(member, '|', 1, true)
  unlist(string.sub(member, 1, at - 1), string.sub(member, at + 1))
  redis.call('DEL', entry(member))
  redis.call('ZREM', root .. 'feed', member)
end
return #over == ${PRUNED_AT_ONCE} and 1 or 0
`);

/**
 * ARGV: now, root, the last revision that is known. Answers with when this memory began, whether
 * there is more, then of each member: itself, tenant, revision, when it was made, body.
 */
export const ENTRY_CHANGES = redisScript(`${COMMON}
local feed, after = root .. 'feed', '(' .. ARGV[3]
local page = redis.call('ZRANGEBYSCORE', feed, after, '+inf', 'LIMIT', 0, ${CHANGES_AT_ONCE})
local more = #page == ${CHANGES_AT_ONCE} and 1 or 0
if more == 1 then
  page = redis.call('ZRANGEBYSCORE', feed, after, redis.call('ZSCORE', feed, page[#page]))
end
local out = { redis.call('GET', root .. 'began') or '', more }
for _, member in ipairs(page) do
  local found = redis.call('HMGET', entry(member), 't', 'r', 'c', 'b')
  out[#out + 1] = member
  for part = 1, 4 do out[#out + 1] = found[part] or '' end
end
return out
`);
