/**
 * Which call a message answers that is not taken as one: bytes that are no UTF-8, keys that stand
 * twice. It is refused all the same; who waits for it need not wait for its time limit.
 */
export function answeredBy(garbled: string): number | undefined {
  let read: unknown;
  try {
    read = JSON.parse(garbled);
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null || !("id" in read) || "method" in read) {
    return undefined;
  }
  return typeof read.id === "number" ? read.id : undefined;
}
