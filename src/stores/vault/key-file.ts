import { createSecretKey, type KeyObject } from "node:crypto";
import { VaultFault } from "./vault-fault.ts";

export const VAULT_KEY_BYTES = 32;
const FORM = "32 bytes as base64 or as 64 hex digits (openssl rand -base64 32)";

/** The raw bytes are zeroed; the KeyObject keeps its own off the JS heap. */
export function keyOf(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** Where the next key lies until the vault is sealed under it: see vault-file.ts. */
export function nextKeyPath(path: string): string {
  return `${path}.next`;
}

/** While one key takes another's place, both are given: see `parseKeys`. */
const KEYS_MAX = 4;

/**
 * The first is what a new vault is sealed under; the others open one that is sealed under them, so
 * that no gate is without the right key while it changes. Throws VaultFault.
 */
export function parseKeys(text: string, from: string): readonly [KeyObject, ...KeyObject[]] {
  const [first = "", ...others] = text.trim().split(/\s+/u);
  if (others.length >= KEYS_MAX) throw new VaultFault(`${from} holds more than ${KEYS_MAX} keys`);
  return [parseKey(first, from), ...others.map((other) => parseKey(other, from))];
}

/** Throws VaultFault; `from` is where the operator gave it. */
export function parseKey(text: string, from: string): KeyObject {
  const trimmed = text.trim();
  const isHex = /^[\da-f]{64}$/iu.test(trimmed);
  if (!isHex && !/^[\w+/-]{43}=?$/u.test(trimmed)) {
    throw new VaultFault(`${from} does not hold a vault key: it must be ${FORM}`);
  }
  return keyOf(Buffer.from(trimmed, isHex ? "hex" : "base64"));
}
