import { hash } from "node:crypto";

/**
 * SHA-256 of bytes: 32 bytes. For the hexadecimal of texts see `canonical-json.ts`. By way of a
 * string, because a buffer made by Node's crypto costs three times the hash.
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hash("sha256", bytes, "binary"), "latin1");
}
