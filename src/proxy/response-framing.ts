/** What an answer's head says of how its body travels. */
import type { IncomingHttpHeaders } from "node:http";

/** Answers up to this size are written with their head in one go. */
const SMALL_BYTES = 65_536;

export function isSmall({ "content-length": length }: IncomingHttpHeaders): boolean {
  return length !== undefined && Number(length) <= SMALL_BYTES;
}

/** Coded in a way that nobody asked for (RFC 9112 §7.4), and that the client would not hear of. */
export function isCodedForTransfer({ "transfer-encoding": coding }: IncomingHttpHeaders): boolean {
  return coding !== undefined && String(coding).trim().toLowerCase() !== "chunked";
}
