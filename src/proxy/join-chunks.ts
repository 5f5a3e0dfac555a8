/** One piece of bytes, which is most often the only one and then not copied. */
export function joinChunks<T extends Uint8Array>(chunks: readonly T[]): T | Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
