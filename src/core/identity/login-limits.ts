import { instant, type Instant } from "../units.ts";
import type { UserRecord } from "./directory-entry.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** Wrong passwords in a row until the account is locked. */
export const FAILED_LOGINS_MAX = 5;
export const LOCKED_FOR_MS = 15 * 60_000;
/** How long a login lasts. */
export const LOGIN_TTL_MS = 8 * 3_600_000;

/** The account after a wrong password. */
export function afterFailure(user: UserRecord, now: Instant): UserRecord {
  const failedLogins = user.failedLogins + 1;
  if (failedLogins < FAILED_LOGINS_MAX) return { ...user, failedLogins };
  return { ...user, failedLogins: 0, lockedUntil: instant(now + LOCKED_FOR_MS) };
}

export function isLocked({ lockedUntil }: UserRecord, now: Instant): boolean {
  return lockedUntil !== undefined && now < lockedUntil;
}

/** Tries from one address in one window; more are refused before any password is looked at. */
export const TRIES_MAX = 20;
const TRIES_WINDOW_MS = 60_000;

/** Addresses remembered at once; with more, the oldest are forgotten. */
const ADDRESSES_MAX = 10_000;

export interface LoginLimiter {
  /** Milliseconds until this address may try again; 0 lets it. */
  take(address: string, now: Instant): number;
}

export function createLoginLimiter(): LoginLimiter {
  const windows = new Map<string, { readonly since: Instant; readonly tries: number }>();
  return {
    take(address, now) {
      const window = windows.get(address);
      const fresh = window === undefined || now - window.since >= TRIES_WINDOW_MS;
      const { since, tries } = fresh ? { since: now, tries: 0 } : window;
      if (tries >= TRIES_MAX) return since + TRIES_WINDOW_MS - now;
      keepRecent(windows, address, { since, tries: tries + 1 }, ADDRESSES_MAX);
      return 0;
    },
  };
}
