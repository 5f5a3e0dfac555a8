import type { Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";

/**
 * A decoder for a content encoding, or undefined for one nobody here can read (RFC 9110 §8.4.1).
 * Truncated input is an error, not an end: what was not decoded was not scanned.
 */
export function createBodyDecoder(encoding: string): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress();
    case "deflate":
      return createInflate();
    default:
      return undefined;
  }
}
