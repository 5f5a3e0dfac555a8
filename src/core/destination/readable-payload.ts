/** Data in the shape of a name or parameter: what base64, base32 or hex in an address says. */

const READABLE_MIN = 10;
const PAYLOAD_MAX = 256;
const BASE64_TEXT = /^[A-Za-z\d+/_-]{14,}={0,2}$/;
const HEX_TEXT = /^(?:[\da-f]{2}[-:]?){12,}$/i;
const BASE32_TEXT = /^[a-z2-7]{16,}={0,6}$/i;

/** The text behind one encoding, or undefined: random bytes are no text. */
export function readablePayload(text: string): string | undefined {
  const piece = text.slice(0, PAYLOAD_MAX);
  if (HEX_TEXT.test(piece)) return readable(fromHex(piece.replaceAll(/[-:]/g, "")));
  if (BASE64_TEXT.test(piece)) {
    const found = readable(fromDigits(piece, BASE64, 6));
    if (found !== undefined) return found;
  }
  return BASE32_TEXT.test(piece) ? readable(fromDigits(piece.toUpperCase(), BASE32, 5)) : undefined;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function fromDigits(text: string, alphabet: string, width: number): string {
  let out = "";
  let held = 0;
  let count = 0;
  for (let i = 0; i < text.length && text[i] !== "="; i += 1) {
    const char = text.charAt(i);
    const digit = alphabet.indexOf(char === "-" ? "+" : char === "_" ? "/" : char);
    held = ((held << width) | digit) & 0xfff;
    count += width;
    if (count < 8) continue;
    count -= 8;
    out += String.fromCharCode((held >> count) & 0xff);
  }
  return out;
}

function fromHex(text: string): string {
  let out = "";
  for (let i = 0; i + 1 < text.length; i += 2) {
    out += String.fromCharCode(Number.parseInt(text.slice(i, i + 2), 16));
  }
  return out;
}

/** Printable ASCII but for the last unit, which padding may spoil. */
function readable(text: string): string | undefined {
  if (text.length < READABLE_MIN) return undefined;
  for (let i = 0; i < text.length - 1; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7e || (unit < 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09)) {
      return undefined;
    }
  }
  return text;
}
