import { hash } from "node:crypto";

/** SHA-256 of bytes: 32 bytes. For the hexadecimal of texts see `canonical-json.ts`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
