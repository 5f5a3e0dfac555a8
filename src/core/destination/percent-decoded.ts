import { isSequenced } from "../inspect/layers/readable.ts";

const BEYOND_ASCII = /%(?![0-7][\da-f])/i;
const BROKEN = /%(?![\da-f]{2})/i;
const RUN = /(?:%[\da-f]{2})+/gi;

/**
 * Escapes taken off once; the text as it is where one is broken. An error made costs as much as a
 * hundred addresses read, so most that would be one is told before.
 */
export function percentDecoded(text: string): string {
  if (!text.includes("%") || (BEYOND_ASCII.test(text) && !isSpelled(text))) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isSpelled(text: string): boolean {
  if (BROKEN.test(text)) return false;
  return text.match(RUN)?.every((run) => isSequenced(bytesOf(run))) === true;
}

function bytesOf(run: string): Uint8Array {
  const bytes = new Uint8Array(run.length / 3);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = Number.parseInt(run.slice(3 * i + 1, 3 * i + 3), 16);
  }
  return bytes;
}
