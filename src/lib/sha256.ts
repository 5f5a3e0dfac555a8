import { hash } from "node:crypto";

/** SHA-256 of bytes: 32 bytes. For the hexadecimal of texts see `canonical-json.ts`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return Buffer.from(sha256Text(bytes), "latin1");
}

/** The same, a byte a character (Latin-1): a buffer made by Node's crypto costs three times the hash. */
export function sha256Text(bytes: Uint8Array): string {
  return hash("sha256", bytes, "binary");
}
