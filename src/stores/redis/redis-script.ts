import { createHash } from "node:crypto";

export interface RedisScript {
  readonly text: string;
  /** Lower-case hex, as `EVALSHA` wants it. */
  readonly sha1: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

/**
 * Sets `now`: milliseconds by the server's clock, which all replicas share, or ARGV[1] where a test
 * moves a clock of its own.
 */
export const NOW = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
`;
