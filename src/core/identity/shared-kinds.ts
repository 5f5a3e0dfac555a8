import type { Entry } from "./directory-entry.ts";

/**
 * What must count on every replica: sessions and their revocation, stops, the keys that execution
 * tokens are checked with, and what each has to do on its own ledger. Where replicas share a Redis
 * and no directory, it keeps these.
 */
export const SHARED_KINDS = [
  "session",
  "stop",
  "signing_key",
  "hold",
  "erasure",
  "carried",
  "replica",
] as const;
export type SharedKind = (typeof SHARED_KINDS)[number];
export type SharedEntry = { readonly [K in SharedKind]: Entry<K> }[SharedKind];

export function isShared(kind: string): kind is SharedKind {
  return SHARED_KINDS.some((shared) => shared === kind);
}
