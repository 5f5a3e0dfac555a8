/** Names that nobody can guess. Keys, salts and nonces are made where they are used. */
import { randomFillSync } from "node:crypto";

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";
const POOL_BYTES = 4096;
const RANDOM_CHARS = 16;
const TIME_CHARS = 10;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;
let timeOfPrefix = -1;
let timePrefix = "";

/**
 * `<prefix>_` and a ULID in lower case: 48 bits of time, 80 bits of randomness, sortable by time.
 *
 * @see https://github.com/ulid/spec
 */
export function newId(prefix: string, nowMillis: number): string {
  if (nowMillis !== timeOfPrefix) {
    timeOfPrefix = nowMillis;
    timePrefix = encodeTime(nowMillis);
  }
  return `${prefix}_${timePrefix}${randomChars()}`;
}

/** `count` random bytes as base64url, for keys and tokens. */
export function randomToken(count: number): string {
  return randomFillSync(Buffer.allocUnsafe(count)).toString("base64url");
}

function encodeTime(nowMillis: number): string {
  let rest = nowMillis;
  let chars = "";
  for (let i = 0; i < TIME_CHARS; i += 1) {
    chars = CROCKFORD.charAt(rest % 32) + chars;
    rest = Math.floor(rest / 32);
  }
  return chars;
}

function randomChars(): string {
  if (used + RANDOM_CHARS > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  let chars = "";
  for (const end = used + RANDOM_CHARS; used < end; used += 1) {
    chars += CROCKFORD.charAt((pool[used] ?? 0) & 31);
  }
  return chars;
}
