import { Duplex, pipeline } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  constants,
} from "node:zlib";

/** A frame says itself how much memory its window takes; over HTTP, 8 MiB at most (RFC 9659 §3). */
const ZSTD_WINDOW_LOG_MAX = 23;

/**
 * A decoder for one content coding, or undefined for one nobody here can read (RFC 9110 §8.4.1).
 * Truncated input is an error, not an end: what was not decoded was not scanned.
 */
export function createBodyDecoder(coding: string): Duplex | undefined {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress({
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
      });
    case "deflate":
      return Duplex.from(inflateEither);
    default:
      return undefined;
  }
}

/** The method of a zlib head's first four bits (RFC 1950 §2.2); no bare stream begins with them. */
const DEFLATE_METHOD = 8;

/**
 * `deflate` is DEFLATE in zlib's format (RFC 9110 §8.4.1.2). Many servers send it bare; browsers and
 * curl read both.
 */
async function* inflateEither(coded: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = coded[Symbol.asyncIterator]();
  const { value: first, done } = await pieces.next();
  if (done === true) return;
  const isWrapped = ((first[0] ?? 0) & 0x0f) === DEFLATE_METHOD;
  const inflate = isWrapped ? createInflate() : createInflateRaw();
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    yield* { [Symbol.asyncIterator]: () => pieces };
  };
  // What goes wrong is thrown where it is read.
  pipeline(all, inflate, () => undefined);
  yield* inflate;
}
