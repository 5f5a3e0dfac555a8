import { redisScript } from "./redis-script.ts";

/** A session not marked again for this long is over: no agent's run lasts so long. */
const FORGOTTEN_AFTER_MS = 90 * 86_400_000;

/** KEYS[1]: a set of marks. */
export const READ_MARKS = redisScript("return redis.call('SMEMBERS', KEYS[1])");
/** KEYS[1]: a set of marks. */
export const CLEAR_MARKS = redisScript(`
local marks = redis.call('SMEMBERS', KEYS[1])
redis.call('DEL', KEYS[1])
return marks`);
export const ADD_MARKS = redisScript(`
redis.call('SADD', KEYS[1], unpack(ARGV))
return redis.call('PEXPIRE', KEYS[1], ${FORGOTTEN_AFTER_MS})
`);
