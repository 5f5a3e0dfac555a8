/** The keys of an issuer that may be away: those that are known go on counting, for a while. */
import type * as joseModule from "jose";
import { errorOf } from "../../lib/caught.ts";
import { monotonicMillis } from "../../lib/clock.ts";

type Jose = typeof joseModule;
export type KeySet = joseModule.JWTVerifyGetKey;
type Key = Awaited<ReturnType<KeySet>>;
export type RemoteKeySet = ReturnType<Jose["createRemoteJWKSet"]>;

/** Nobody can say now whether a token is right. */
export class KeysAwayError extends Error {}

/** From the last key that was got of it: what it withdraws counts no longer than this. */
const STALE_MAX_MS = 3_600_000;
/** Between two tries to reach it: nobody waits for one that has just not answered. */
const RETRY_MS = 5_000;
/** It is tried with every token: one line a minute says enough. */
const TELL_EVERY_MS = 60_000;

/** `told` hears that it cannot be reached, or publishes nothing that is a key set. */
export function patientKeySet(
  remote: RemoteKeySet,
  jose: Jose,
  told: (cause: Error) => void,
): KeySet {
  let staleAt = Number.NEGATIVE_INFINITY;
  let retryAt = Number.NEGATIVE_INFINITY;
  let quietUntil = Number.NEGATIVE_INFINITY;
  let trouble = new Error("its keys were not asked for yet");

  async function ask(...asked: Parameters<KeySet>): Promise<Key> {
    try {
      const key = await remote(...asked);
      staleAt = monotonicMillis() + STALE_MAX_MS;
      return key;
    } catch (error) {
      if (isAnswer(error, jose)) throw error;
      trouble = errorOf(error);
      const now = monotonicMillis();
      retryAt = now + RETRY_MS;
      if (now >= quietUntil) {
        quietUntil = now + TELL_EVERY_MS;
        told(trouble);
      }
      return known(...asked);
    }
  }

  async function known(...asked: Parameters<KeySet>): Promise<Key> {
    const keys = remote.jwks();
    const away = new KeysAwayError("the issuer's keys cannot be had", { cause: trouble });
    if (keys === undefined || monotonicMillis() >= staleAt) throw away;
    try {
      return await jose.createLocalJWKSet(keys)(...asked);
    } catch (error) {
      // It may be one that was published meanwhile.
      throw error instanceof jose.errors.JWKSNoMatchingKey ? away : error;
    }
  }

  return (...asked) => (monotonicMillis() < retryAt ? known : ask)(...asked);
}

/** It was asked, and the token's key is not among those that it has, or fits none. */
function isAnswer(error: unknown, { errors }: Jose): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
