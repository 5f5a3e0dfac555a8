/**
 * Makes text comparable: zero-width, bidi and combining characters go, tag characters, full-width,
 * mathematical and look-alike letters become what they look like. Each code point alone and never
 * longer than it was, so a stream may be cut anywhere and offsets map back.
 *
 * @see https://www.unicode.org/reports/tr39/
 */

import { foreignStretch } from "./text-block.ts";
import { isAscii } from "./text-units.ts";

/** From folded to original offsets: at `at[i]` and after, original = folded + `delta[i]`. */
export interface OffsetMap {
  readonly at: number[];
  readonly delta: number[];
}

const INVISIBLE = /[\p{Cf}\p{Mn}\p{Me}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/u;
const SPACE = /[\p{Zs}\u2800]/u;

const UNKNOWN = 0;
const DROP = 1;
/** Folded unit by BMP unit, filled as units are met. */
const folded = new Uint16Array(0x10000);

const LOOK_ALIKES: readonly (readonly [from: string, to: string])[] = [
  ["аеорсухіѕјһԁԛѡкӏгν", "aeopcyxisjhdqwklrv"],
  ["АВЕКМНОРСТХУІЅЈҺ", "ABEKMHOPCTXYISJH"],
  ["οαιρυκτεηγχω", "oaipukteeyxw"],
  ["ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"],
  ["ոսօհցզ", "nuohgq"],
  ["ɑɡıȷɩʏᴢ", "agijiyz"],
  ["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡ", "abcdefghijklmnopqrstuvw"],
  ["ǝɐɔɟƃɥᴉɾʞɯɹʇʌʍʎ", "eacfghijkmrtvwy"],
  ["⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz"],
  ["‘’‚‛′“”„‟«»″", '\'\'\'\'\'"""""""'],
  ["‐‑‒–—―−", "-------"],
  ["\u2028\u2029\u0085", "\n\n\n"],
];

for (const [from, to] of LOOK_ALIKES) {
  for (let i = 0; i < from.length; i += 1) folded[from.charCodeAt(i)] = to.charCodeAt(i);
}

/**
 * Folds a piece whose first unit will stand at folded offset `from`, and adds to `map` where
 * lengths changed. A piece must not end between two surrogates.
 */
export function fold(text: string, from: number, map: OffsetMap): string {
  if (isAscii(text)) return text;
  let out = "";
  let kept = 0;
  for (let i = nextFolded(text, 0); i < text.length;) {
    const unit = text.charCodeAt(i);
    const pair = unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length;
    const next = pair ? foldPair(text, i) : foldUnit(unit);
    const width = pair ? 2 : 1;
    if (next.length !== width || !text.startsWith(next, i)) {
      out += text.slice(kept, i) + next;
      kept = i + width;
      if (next.length !== width) shift(map, from + out.length, width - next.length);
    }
    i = nextFolded(text, i + width);
  }
  return out + text.slice(kept);
}

/** Shorter texts are read as they are. */
const STRETCH_MIN = 64;

/** The first unit from `at` on that may have to be folded; the text's length if none has. */
function nextFolded(text: string, at: number): number {
  const { length } = text;
  let i = at;
  if (length < STRETCH_MIN) {
    while (i < length && isFolded(text.charCodeAt(i))) i += 1;
    return i;
  }
  while (i < length) {
    const { units, from, to } = foreignStretch(text, i, i + 1);
    while (i < to && isFolded(units[i - from] ?? 0)) i += 1;
    if (i < to) return i;
  }
  return i;
}

/** Half a code point that stood alone is none that stays: with its other half it may be folded. */
function isFolded(unit: number): boolean {
  return unit < 0x80 || (folded[unit] === unit && (unit & 0xf800) !== 0xd800);
}

/** Folds a literal that patterns compare with folded text. */
export function foldLiteral(text: string): string {
  return fold(text, 0, { at: [], delta: [] });
}

export function toOriginal(map: OffsetMap, offset: number): number {
  if (map.at.length === 0) return offset;
  let low = 0;
  let high = map.at.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((map.at[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return offset + (map.delta[low - 1] ?? 0);
}

/** Forgets what only offsets below `offset` need. */
export function forget(map: OffsetMap, offset: number): void {
  let stale = 0;
  while (stale + 1 < map.at.length && (map.at[stale + 1] ?? 0) <= offset) stale += 1;
  if (stale === 0) return;
  map.at.splice(0, stale);
  map.delta.splice(0, stale);
}

function shift(map: OffsetMap, at: number, by: number): void {
  const last = map.at.length - 1;
  const delta = (map.delta[last] ?? 0) + by;
  if (map.at[last] === at) {
    map.delta[last] = delta;
    return;
  }
  map.at.push(at);
  map.delta.push(delta);
}

function foldUnit(unit: number): string {
  let to = folded[unit] ?? UNKNOWN;
  if (to === UNKNOWN) {
    to = decompose(String.fromCharCode(unit), unit);
    folded[unit] = to;
  }
  return to === DROP ? "" : String.fromCharCode(to);
}

function decompose(char: string, unit: number): number {
  if (INVISIBLE.test(char)) return DROP;
  if (SPACE.test(char)) return 0x20;
  const parts = char.normalize("NFKD");
  for (const part of parts.slice(1)) if (!INVISIBLE.test(part)) return unit;
  const head = parts.charCodeAt(0);
  const alike = folded[head] ?? UNKNOWN;
  return alike > DROP ? alike : head;
}

/** Tag characters and variation selectors spell ASCII invisibly; mathematical and enclosed letters spell it visibly. */
function foldPair(text: string, at: number): string {
  const point = text.codePointAt(at) ?? 0;
  if (point >= 0xe0020 && point < 0xe007f) return String.fromCharCode(point - 0xe0000);
  // Variation selectors 17–256 number bytes from 16 on: whole sentences hide behind one emoji.
  if (point >= 0xe0110 && point < 0xe016f) return String.fromCharCode(point - 0xe00f0);
  if (point >= 0xe0000 && point < 0xe1000) return "";
  // Regional indicators: two of them are a flag, many are a sentence.
  if (point >= 0x1f1e6 && point < 0x1f200) return String.fromCharCode(point - 0x1f185);
  const char = text.slice(at, at + 2);
  if (point >= 0x1d400 && point < 0x1f1e6) {
    const plain = char.normalize("NFKD");
    if (plain.length <= 2) return plain;
  }
  return char;
}
