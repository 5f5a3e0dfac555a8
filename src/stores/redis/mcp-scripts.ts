/** Sessions of MCP servers and the states that they gave out, as replicas share them. */
import { redisScript } from "./redis-script.ts";

/** No server keeps a session so long. */
const SESSION_MS = 30 * 86_400_000;
/** Nobody takes longer to answer. */
const STATE_MS = 86_400_000;

/** KEYS: a session's hash: `o` whose it is, `c` what its client can do. ARGV: field, value. */
export const WRITE_SESSION = redisScript(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('PEXPIRE', KEYS[1], ${SESSION_MS})
`);

/** ARGV: who asks. */
export const CLAIM_SESSION = redisScript(`
redis.call('HSETNX', KEYS[1], 'o', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ${SESSION_MS})
return redis.call('HGET', KEYS[1], 'o')
`);

export const READ_CLIENT = redisScript("return redis.call('HGET', KEYS[1], 'c')");
export const FORGET_SESSION = redisScript("return redis.call('DEL', KEYS[1])");

/** KEYS: the state; the state for one call. ARGV: the approval, or nothing. */
export const GIVE_STATE = redisScript(`
redis.call('SET', KEYS[1], '', 'PX', ${STATE_MS})
return redis.call('SET', KEYS[2], ARGV[1], 'PX', ${STATE_MS})
`);

export const MAY_BRING_STATE = redisScript(`
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
return 1 - redis.call('EXISTS', KEYS[1])
`);

/** Whoever is second has nothing. */
export const CARRY_STATE = redisScript(`
local approval = redis.call('GET', KEYS[2])
if not approval or approval == '' then return false end
redis.call('SET', KEYS[2], '', 'KEEPTTL')
return approval
`);
