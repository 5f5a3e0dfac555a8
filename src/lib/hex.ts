/** Lower-case hexadecimal digits of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** Bytes of hexadecimal digits; stops at the first character that is none. */
export function bytesOfHex(digits: string): Uint8Array {
  return Buffer.from(digits, "hex");
}
