const IPV6_WORDS = 8;
const IPV4 = /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const ZONE = /%[\da-z.:-]+$/i;
const IPV6_WORD = /^[\da-f]{1,4}$/i;
/** Longest text of an address, its zone left out. */
const ADDRESS_CHARS_MAX = 45;

/**
 * The bytes of a literal address (4 or 16), or undefined for anything else. Only the one canonical
 * spelling of IPv4 counts: `0177.1`, `0x7f000001` and `2130706433` are not addresses here. A zone
 * (`fe80::1%eth0`) does not change the address.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  if (IPV4.test(text)) return Uint8Array.from(text.split("."), Number);
  if (!text.includes(":")) return undefined;
  const zone = text.search(ZONE);
  return ipv6Bytes(zone === -1 ? text : text.slice(0, zone));
}

/** @see https://www.rfc-editor.org/rfc/rfc4291#section-2.2 */
function ipv6Bytes(text: string): Uint8Array | undefined {
  if (text.length > ADDRESS_CHARS_MAX) return undefined;
  const gap = text.indexOf("::");
  const left = words(gap === -1 ? text : text.slice(0, gap), gap === -1);
  const right = gap === -1 ? [] : words(text.slice(gap + 2), true);
  if (left === undefined || right === undefined) return undefined;
  const missing = IPV6_WORDS - left.length - right.length;
  if (gap === -1 ? missing !== 0 : missing < 1) return undefined;
  const zeros = Array.from({ length: missing }, () => 0);
  const bytes = new Uint8Array(IPV6_WORDS * 2);
  const view = new DataView(bytes.buffer);
  [...left, ...zeros, ...right].forEach((word, i) => view.setUint16(i * 2, word));
  return bytes;
}

/** Only the last word of the address may be an IPv4 address. */
function words(text: string, last: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const found: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (IPV6_WORD.test(part)) found.push(Number.parseInt(part, 16));
    else if (last && i === parts.length - 1 && IPV4.test(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split(".").map(Number);
      found.push(a * 256 + b, c * 256 + d);
    } else return undefined;
  }
  return found;
}
