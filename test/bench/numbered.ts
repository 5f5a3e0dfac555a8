/** Where the number goes; as long as any number gets. */
export const NUMBER = "000000000000";

/**
 * Copies of prepared bytes, each with a number of its own: texts that a gateway has seen before may
 * cost it less, and no two turns of an agent are the same.
 */
export function numbered(bytes: Buffer): () => Buffer {
  const place = bytes.indexOf(NUMBER);
  let count = 0;
  return () => {
    const copy = Buffer.from(bytes);
    copy.write(String((count += 1)).padStart(NUMBER.length, "0"), place, "latin1");
    return copy;
  };
}
