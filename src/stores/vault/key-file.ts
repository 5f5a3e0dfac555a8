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

/** Throws VaultFault; `from` is where the operator gave it. */
export function parseKey(text: string, from: string): KeyObject {
  const trimmed = text.trim();
  const isHex = /^[\da-f]{64}$/iu.test(trimmed);
  if (!isHex && !/^[\w+/-]{43}=?$/u.test(trimmed)) {
    throw new VaultFault(`${from} does not hold a vault key: it must be ${FORM}`);
  }
  return keyOf(Buffer.from(trimmed, isHex ? "hex" : "base64"));
}
