/** Text alphabets of bytes: base64 in both alphabets, base32 in both cases, hex. */

/** Six bits each; line breaks and padding are skipped. @see https://www.rfc-editor.org/rfc/rfc4648 */
export function decodeBase64(text: string, start: number, end: number): Uint8Array {
  return decode(text, start, end, BASE64);
}

export function decodeBase32(text: string, start: number, end: number): Uint8Array {
  return decode(text, start, end, BASE32);
}

/** Pairs of digits, with one separator between pairs or none. */
export function decodeHex(text: string, start: number, end: number): Uint8Array {
  return decode(text, start, end, HEX);
}

interface Alphabet {
  readonly bits: number;
  /** By unit: its value, or `NO_DIGIT`. */
  readonly values: Uint8Array;
}

const NO_DIGIT = 0xff;

const BASE64 = alphabet(6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
BASE64.values["-".charCodeAt(0)] = 62;
BASE64.values["_".charCodeAt(0)] = 63;
const BASE32 = alphabet(5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
const HEX = alphabet(4, "0123456789ABCDEF");
for (const { values } of [BASE32, HEX]) {
  for (let unit = 0x41; unit <= 0x5a; unit += 1) values[unit | 0x20] = values[unit] ?? NO_DIGIT;
}

function alphabet(bits: number, digits: string): Alphabet {
  const values = new Uint8Array(128).fill(NO_DIGIT);
  for (let i = 0; i < digits.length; i += 1) values[digits.charCodeAt(i)] = i;
  return { bits, values };
}

function decode(text: string, start: number, end: number, { bits, values }: Alphabet): Uint8Array {
  const bytes = new Uint8Array(((end - start) * bits) >> 3);
  let kept = 0;
  let count = 0;
  let length = 0;
  for (let i = start; i < end; i += 1) {
    const unit = text.charCodeAt(i);
    const value = unit < 128 ? (values[unit] ?? NO_DIGIT) : NO_DIGIT;
    if (value === NO_DIGIT) continue;
    kept = ((kept << bits) | value) & 0xffff;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    bytes[length] = (kept >> count) & 0xff;
    length += 1;
  }
  return bytes.subarray(0, length);
}
