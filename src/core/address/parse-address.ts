const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const ZONE = /%[\da-z.:-]+$/i;
/** Longest text of an address, its zone left out. */
const ADDRESS_CHARS_MAX = 45;

const DOT = 0x2e;
const COLON = 0x3a;

/**
 * The bytes of a literal address (4 or 16), or undefined for anything else. Only the one canonical
 * spelling of IPv4 counts: `0177.1`, `0x7f000001` and `2130706433` are not addresses here. A zone
 * (`fe80::1%eth0`) does not change the address.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  const zone = text.includes("%") && text.includes(":") ? text.search(ZONE) : -1;
  const end = zone === -1 ? text.length : zone;
  if (end > ADDRESS_CHARS_MAX) return undefined;
  if (!text.includes(":")) {
    const number = ipv4Number(text, 0, end);
    return number === NO_ADDRESS ? undefined : Uint8Array.of(...bytesOfIpv4(number));
  }
  return ipv6Bytes(text, end);
}

/** @see https://www.rfc-editor.org/rfc/rfc4291#section-2.2 */
function ipv6Bytes(text: string, end: number): Uint8Array | undefined {
  const bytes = new Uint8Array(IPV6_BYTES);
  let count = 0;
  /** How many bytes stand before `::`. */
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    if (count === IPV6_BYTES) return undefined;
    const stop = wordEnd(text, at, end);
    if (stop < end && text.charCodeAt(stop) === DOT) {
      // Only the last word of the address may be an IPv4 address.
      const inner = ipv4Number(text, at, end);
      if (count > IPV6_BYTES - IPV4_BYTES || inner === NO_ADDRESS) return undefined;
      bytes.set(bytesOfIpv4(inner), count);
      count += IPV4_BYTES;
      break;
    }
    if (stop === at || stop - at > 4) return undefined;
    const word = hexNumber(text, at, stop);
    bytes[count] = word >> 8;
    bytes[count + 1] = word & 0xff;
    count += 2;
    if (stop === end) break;
    if (text.charCodeAt(stop) !== COLON || stop + 1 === end) return undefined;
    at = stop + 1;
    if (text.charCodeAt(at) !== COLON) continue;
    if (gap >= 0) return undefined;
    gap = count;
    at += 1;
  }
  return spread(bytes, count, gap);
}

/** What stands behind `::` moves to the end; `::` stands for at least one word. */
function spread(bytes: Uint8Array, count: number, gap: number): Uint8Array | undefined {
  if (gap < 0) return count === IPV6_BYTES ? bytes : undefined;
  if (count === IPV6_BYTES) return undefined;
  bytes.copyWithin(IPV6_BYTES - (count - gap), gap, count);
  bytes.fill(0, gap, IPV6_BYTES - (count - gap));
  return bytes;
}

/** Behind the hexadecimal digits from `at` on. */
function wordEnd(text: string, at: number, end: number): number {
  let i = at;
  while (i < end && isHexDigit(text.charCodeAt(i))) i += 1;
  return i;
}

/** Of hexadecimal digits alone. */
function hexNumber(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i += 1) {
    const unit = text.charCodeAt(i);
    number = number * 16 + (isDigit(unit) ? unit - 0x30 : (unit | 0x20) - 0x57);
  }
  return number;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isHexDigit(unit: number): boolean {
  const lower = unit | 0x20;
  return isDigit(unit) || (lower >= 0x61 && lower <= 0x66);
}

/** The address in `[from, to)` as one number, or -1 for anything else in its canonical spelling. */
export function ipv4Number(text: string, from: number, to: number): number {
  let at = from;
  let address = 0;
  for (let i = 0; i < IPV4_BYTES; i += 1) {
    const begin = at;
    let value = 0;
    while (at < to && at - begin < 3) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      at += 1;
    }
    const digits = at - begin;
    if (digits === 0 || value > 0xff) return NO_ADDRESS;
    // Without leading zeros.
    if (digits > 1 && text.charCodeAt(begin) === 0x30) return NO_ADDRESS;
    address = address * 0x100 + value;
    if (i === IPV4_BYTES - 1) break;
    if (at >= to || text.charCodeAt(at) !== DOT) return NO_ADDRESS;
    at += 1;
  }
  return at === to ? address : NO_ADDRESS;
}

export const NO_ADDRESS = -1;

function bytesOfIpv4(address: number): readonly number[] {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff];
}
