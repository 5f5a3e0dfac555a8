import type { Entry } from "./directory-entry.ts";

/**
 * What must count on every replica at once: sessions and their revocation, stops, and the keys that
 * execution tokens are checked with. Where replicas share a Redis and no directory, it keeps these.
 */
export const SHARED_KINDS = ["session", "stop", "signing_key"] as const;
export type SharedKind = (typeof SHARED_KINDS)[number];
export type SharedEntry = { readonly [K in SharedKind]: Entry<K> }[SharedKind];

export function isShared(kind: string): kind is SharedKind {
  return SHARED_KINDS.some((shared) => shared === kind);
}
