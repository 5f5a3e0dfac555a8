/**
 * The money of one tenant, changed by one script at a time. Everything a script touches has the
 * tenant as its hash tag; `KEYS[1]` says which node of a cluster that is, and ARGV[2] is what all
 * names of the tenant begin with.
 *
 *     <root>balance:<key>      hash: `s` spent, `h` held, `b` what of `s` was spent before this memory
 *                              began, as far as somebody told it; integers up to 2^53 - 1
 *     <root>attempt:<attempt>  hash: `=<key>` amount held, `e` end of the lease in ms, `d` once it
 *                              ended, `v` for an attempt that was given up before it was heard of
 *     <root>leases             attempts that live, by the end of their lease
 *     <root>index              keys of all balances, by name
 *     <root>forget             keys of balances that may be forgotten, by when
 *     <root>epoch              a name for this memory; another one: Redis lost what it knew
 *
 * What a hold becomes when its lease ends needs no hand: held or spent, it counts against the limit.
 * Dead leases are turned into spend so that balances show it and a late settlement can correct it.
 * Money is answered as text: ioredis reads integers as it goes and is one off near 2^53.
 */
import { NANO_USD_MAX } from "../../core/units.ts";
import { NOW } from "./redis-script.ts";

/** How long after its lease ended a settle can still correct the spend. */
const EXPIRED_KEPT_MS = 7 * 86_400_000;
const POSTPONED_MS = 86_400_000;
/** Dead leases and forgotten balances that a call takes care of on its way. */
export const SWEPT_BY_CALL_MAX = 8;
/** The same when somebody wants to see balances. */
export const SWEPT_FOR_SHOW_MAX = 1000;

/** Answered instead of anything else when the epoch is not the one the caller knows. */
export const LOST = "lost";

export const COMMON = `${NOW}
local root, MAX = ARGV[2], ${NANO_USD_MAX}
local function number(n) return string.format('%.0f', n) end
local function within(n) return math.min(math.max(n, 0), MAX) end
local seen = {}
local function balance(key)
  local known = seen[key]
  if not known then
    local found = redis.call('HMGET', root .. 'balance:' .. key, 's', 'h')
    known = { tonumber(found[1]) or 0, tonumber(found[2]) or 0, not found[1] }
    seen[key] = known
  end
  return known[1], known[2], known[3]
end
local function write(key, spent, held)
  local now = { within(spent), within(held), false }
  seen[key] = now
  redis.call('HSET', root .. 'balance:' .. key, 's', number(now[1]), 'h', number(now[2]))
end
local function create(key, keep)
  redis.call('ZADD', root .. 'index', 0, key)
  if keep ~= '' then redis.call('ZADD', root .. 'forget', 'GT', keep, key) end
end
local function sweep(most)
  local dead = redis.call('ZRANGEBYSCORE', root .. 'leases', '-inf', now, 'LIMIT', 0, most)
  for _, attempt in ipairs(dead) do
    local record = root .. 'attempt:' .. attempt
    local lines = redis.call('HGETALL', record)
    for i = 1, #lines, 2 do
      if string.sub(lines[i], 1, 1) == '=' then
        local key = string.sub(lines[i], 2)
        local spent, held = balance(key)
        write(key, spent + lines[i + 1], held - lines[i + 1])
      end
    end
    redis.call('HSET', record, 'd', 1)
    redis.call('PEXPIRE', record, ${EXPIRED_KEPT_MS})
    redis.call('ZREM', root .. 'leases', attempt)
  end
  local old = redis.call('ZRANGEBYSCORE', root .. 'forget', '-inf', now, 'LIMIT', 0, most)
  for _, key in ipairs(old) do
    local _, held = balance(key)
    if held > 0 then
      redis.call('ZADD', root .. 'forget', now + ${POSTPONED_MS}, key)
    else
      redis.call('DEL', root .. 'balance:' .. key)
      seen[key] = nil
      redis.call('ZREM', root .. 'index', key)
      redis.call('ZREM', root .. 'forget', key)
    end
  end
end
`;

/** ARGV[3] is the epoch that the caller knows. */
export const KNOWN_EPOCH = `
if redis.call('GET', root .. 'epoch') ~= ARGV[3] then return '${LOST}' end
`;
