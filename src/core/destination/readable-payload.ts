/** Data in the shape of a name or parameter: what base64, base32 or hex in an address says. */

const READABLE_MIN = 10;
/** The shortest that is base64 and says so much. */
export const PAYLOAD_MIN = 14;
const PAYLOAD_MAX = 256;
const BASE64_TEXT = /^[A-Za-z\d+/_-]{14,}={0,2}$/;
const HEX_TEXT = /^(?:[\da-f]{2}[-:]?){12,}$/i;
const BASE32_TEXT = /^[a-z2-7]{16,}={0,6}$/i;

/** Signs and the bits that each stands for. */
interface Encoding {
  readonly values: Int8Array;
  readonly width: number;
}

const SMALL = "abcdefghijklmnopqrstuvwxyz";
const LARGE = SMALL.toUpperCase();
/** Values of what is no sign, and of what stands between signs. */
const NO_SIGN = -1;
const DIVIDER = -2;
const BASE64 = encoding(6, `${LARGE}${SMALL}0123456789+/`, `${LARGE}${SMALL}0123456789-_`);
const BASE32 = encoding(5, `${LARGE}234567`, `${SMALL}234567`);
const HEX = encoding(4, "0123456789abcdef", "0123456789ABCDEF");
for (const divider of "-:") HEX.values[divider.charCodeAt(0)] = DIVIDER;

function encoding(width: number, ...alphabets: readonly string[]): Encoding {
  const values = new Int8Array(0x80).fill(NO_SIGN);
  for (const signs of alphabets) {
    for (let i = 0; i < signs.length; i += 1) values[signs.charCodeAt(i)] = i;
  }
  return { values, width };
}

/** The text behind one encoding, or undefined: random bytes are no text. */
export function readablePayload(text: string): string | undefined {
  if (text.length < PAYLOAD_MIN) return undefined;
  const piece = text.slice(0, PAYLOAD_MAX);
  if (HEX_TEXT.test(piece)) return read(piece, HEX);
  // Most words say nothing after a sign or two, which is sooner known than whether all are signs.
  const found = read(piece, BASE64);
  if (found !== undefined && BASE64_TEXT.test(piece)) return found;
  const other = read(piece, BASE32);
  return other !== undefined && BASE32_TEXT.test(piece) ? other : undefined;
}

/** Printable ASCII but for the last unit, which padding may spoil. */
function read(text: string, { values, width }: Encoding): string | undefined {
  let out = "";
  let held = 0;
  let count = 0;
  let isSpoilt = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === EQUALS) break;
    const value = values[unit] ?? NO_SIGN;
    if (value === DIVIDER) continue;
    if (value === NO_SIGN) return undefined;
    held = ((held << width) | value) & 0xfff;
    count += width;
    if (count < 8) continue;
    if (isSpoilt) return undefined;
    count -= 8;
    const byte = (held >> count) & 0xff;
    isSpoilt = !isShown(byte);
    out += String.fromCharCode(byte);
  }
  return out.length < READABLE_MIN ? undefined : out;
}

const EQUALS = 0x3d;

function isShown(byte: number): boolean {
  if (byte > 0x7e) return false;
  return byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
