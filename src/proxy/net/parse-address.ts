import { isIPv4, isIPv6 } from "node:net";

const IPV6_WORDS = 8;

/**
 * The bytes of a literal address (4 or 16), or undefined for anything else. Only the one canonical
 * spelling of IPv4 counts: `0177.1`, `0x7f000001` and `2130706433` are not addresses here. A zone
 * (`fe80::1%eth0`) does not change the address.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text)) return undefined;
  const zone = text.indexOf("%");
  return ipv6Bytes(zone === -1 ? text : text.slice(0, zone));
}

/** `text` is known to be valid. */
function ipv6Bytes(text: string): Uint8Array {
  const gap = text.indexOf("::");
  const left = words(gap === -1 ? text : text.slice(0, gap));
  const right = gap === -1 ? [] : words(text.slice(gap + 2));
  const zeros = Array.from({ length: IPV6_WORDS - left.length - right.length }, () => 0);
  const bytes = new Uint8Array(IPV6_WORDS * 2);
  const view = new DataView(bytes.buffer);
  [...left, ...zeros, ...right].forEach((word, i) => view.setUint16(i * 2, word));
  return bytes;
}

function words(text: string): number[] {
  if (text === "") return [];
  const found: number[] = [];
  for (const part of text.split(":")) {
    if (!part.includes(".")) {
      found.push(Number.parseInt(part, 16));
      continue;
    }
    const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
    found.push(a * 256 + b, c * 256 + d);
  }
  return found;
}
