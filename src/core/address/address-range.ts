/** Ranges of IP addresses in CIDR notation. */
import { parseAddress } from "./parse-address.ts";

export interface AddressRange {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** An address alone is a range of one. Undefined: neither. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf("/");
  const bytes = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const most = bytes.length * 8;
  if (slash < 0) return { bytes, bits: most };
  const written = text.slice(slash + 1);
  const bits = Number(written);
  return /^\d{1,3}$/.test(written) && bits <= most ? { bytes, bits } : undefined;
}

/** Addresses of the other family lie in no range. */
export function within(address: Uint8Array, { bytes, bits }: AddressRange): boolean {
  if (address.length !== bytes.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i += 1) if (address[i] !== bytes[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return ((address[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask);
}
