/** Names that are a few letters away from a brand's. */
import { editDistance } from "../../lib/edit-distance.ts";
import { HONEST_NAMES } from "./honest-names.ts";
import { BRANDS, type KnownBrand, type Token } from "./known-brands.ts";
import { bits, editsBetween, lettersOf } from "./skeleton.ts";

/** Fewer letters would be near too many honest words. */
const MISSPELT_MIN = 6;
/** But for these, whose neighbours among words are few. */
const SHORT_NAMES = new Set([
  "apple",
  "adobe",
  "npmjs",
  "gmail",
  "venmo",
  "paytm",
  "skype",
  "yahoo",
  "webex",
]);
const SWAPPED_MIN = 5;
/** A letter less than the shortest of them. */
export const TOKEN_MIN = 4;
const LONG = 8;
const VERY_LONG = 12;
/** Edits in the longest names. */
const MISSPELT_MAX = 4;
/** No brand is nearly as long. */
const NAME_UNITS_MAX = 32;

function editsOf(length: number): number {
  return length >= VERY_LONG ? MISSPELT_MAX : length >= LONG ? 2 : 1;
}

/** Brands that names may be misspellings of, and columns of what rules most of them out. */
const NEAR = BRANDS.filter(({ name, common }) => {
  return name.length >= (common ? SWAPPED_MIN : MISSPELT_MIN) || SHORT_NAMES.has(name);
});
const lengths = Uint8Array.from(NEAR, ({ name }) => name.length);
/** Edits that are forgiven. */
const mosts = Uint8Array.from(lengths, editsOf);
/** A bit for each letter that the skeleton has: each edit changes at most two. */
const letterMasks = Int32Array.from(NEAR, ({ skeleton }) => lettersOf(skeleton));

/**
 * Brands by pieces of one form of theirs, one more than edits are forgiven: one at least is left
 * whole, and moved by no more than those. A unit between any two keeps a swap from breaking both.
 */
interface Pieces {
  /** By key, where the pieces that begin so start in the columns; those of the next key end them. */
  readonly starts: Uint16Array;
  readonly brands: Uint16Array;
  readonly places: Uint8Array;
  /** Too short for so many pieces: compared with all. */
  readonly whole: Uint16Array;
}

const PIECE_UNITS = 2;
const CLASS_BITS = 5;
const KEY_MASK = (1 << (PIECE_UNITS * CLASS_BITS)) - 1;
const LETTERS = 26;

const asWritten = ({ name }: Token): string => name;
const asLooking = ({ skeleton }: Token): string => skeleton;
const WRITTEN = piecesOf([asWritten]);
const LOOKING = piecesOf([asLooking]);
/** For most tokens: they look as they are written. */
const EITHER = piecesOf([asWritten, asLooking]);
/** By the letters they have: a swap leaves those as they are. */
const SAME_LETTERS = Map.groupBy(
  BRANDS.filter(({ name }) => name.length >= SWAPPED_MIN),
  ({ name }) => lettersOf(name),
);

function piecesOf(forms: readonly ((brand: KnownBrand) => string)[]): Pieces {
  const pieces: { readonly key: number; readonly brand: number; readonly place: number }[] = [];
  const whole = new Set<number>();
  for (const [index, brand] of NEAR.entries()) {
    const most = mosts[index] ?? 0;
    for (const text of new Set(forms.map((form) => form(brand)))) {
      const stride = Math.floor((text.length + 1) / (most + 1));
      if (stride <= PIECE_UNITS) {
        whole.add(index);
        continue;
      }
      for (let place = 0; place <= most * stride; place += stride) {
        const key = nextKey(nextKey(0, text.charCodeAt(place)), text.charCodeAt(place + 1));
        pieces.push({ key, brand: index, place });
      }
    }
  }
  pieces.sort((a, b) => a.key - b.key);
  const starts = new Uint16Array(KEY_MASK + 2).fill(pieces.length);
  for (const [i, { key }] of [...pieces.entries()].toReversed()) starts[key] = i;
  for (let key = KEY_MASK; key >= 0; key -= 1) {
    starts[key] = Math.min(starts[key] ?? 0, starts[key + 1] ?? 0);
  }
  return {
    starts,
    brands: Uint16Array.from(pieces, ({ brand }) => brand),
    places: Uint8Array.from(pieces, ({ place }) => place),
    whole: Uint16Array.from(whole),
  };
}

/** Of the last two units, each as a letter or as none. */
function nextKey(key: number, unit: number): number {
  const letter = unit - 0x60;
  const one = letter > 0 && letter <= LETTERS ? letter : 0;
  return ((key << CLASS_BITS) | one) & KEY_MASK;
}

/** How likely the token is a brand's name with mistakes: 0–1. */
export function misspelt(token: Token): number {
  const { name, skeleton } = token;
  if (name.length < TOKEN_MIN || name.length >= NAME_UNITS_MAX) return 0;
  const letters = lettersOf(skeleton);
  nextRound();
  const swapped = swappedWeight(name);
  if (name === skeleton) return Math.max(swapped, nearestWeight(token, letters, EITHER, name));
  return Math.max(
    swapped,
    nearestWeight(token, letters, WRITTEN, name),
    nearestWeight(token, letters, LOOKING, skeleton),
  );
}

/** The round in which each was compared last. */
const compared = new Int32Array(NEAR.length);
let round = 0;
/** Small integers are compared quickest. */
const ROUNDS_MAX = 0x3fffffff;

function nextRound(): void {
  if (round === ROUNDS_MAX) {
    compared.fill(0);
    round = 0;
  }
  round += 1;
}

/** `form`: of the token, as `pieces` are of brands. */
function nearestWeight(token: Token, letters: number, pieces: Pieces, form: string): number {
  let worst = 0;
  const { starts, brands, places, whole } = pieces;
  for (let i = 0; i < whole.length; i += 1) {
    const index = whole[i] ?? 0;
    if (mayBeNear(token, letters, index)) worst = Math.max(worst, weightOf(token, index));
  }
  let key = nextKey(0, form.charCodeAt(0));
  for (let at = 1; at < form.length; at += 1) {
    key = nextKey(key, form.charCodeAt(at));
    const end = starts[key + 1] ?? 0;
    for (let i = starts[key] ?? 0; i < end; i += 1) {
      const index = brands[i] ?? 0;
      // A piece that is left whole has moved by no more than the edits.
      if (Math.abs(at - 1 - (places[i] ?? 0)) > (mosts[index] ?? 0)) continue;
      if (mayBeNear(token, letters, index)) worst = Math.max(worst, weightOf(token, index));
    }
  }
  return worst;
}

/** In this round for the first time: nearly all are told apart by numbers alone. */
function mayBeNear({ name }: Token, letters: number, index: number): boolean {
  const most = mosts[index] ?? 0;
  if (Math.abs((lengths[index] ?? 0) - name.length) > most + 1) return false;
  if (bits(letters ^ (letterMasks[index] ?? 0)) > 2 * most || compared[index] === round)
    return false;
  compared[index] = round;
  return true;
}

function weightOf(token: Token, index: number): number {
  const brand = NEAR[index];
  if (brand === undefined || brand.name === token.name) return 0;
  const most = mosts[index] ?? 0;
  const distance = distanceOf(token, brand, most);
  if (distance === 0 || distance > most) return 0;
  return brand.common && !SHORT_NAMES.has(brand.name)
    ? misspeltWordWeight(token.name, brand.name, distance)
    : misspeltWeight(token.name, brand.name, distance);
}

function swappedWeight(name: string): number {
  const brands = SAME_LETTERS.get(lettersOf(name));
  if (brands === undefined || HONEST_NAMES.has(name)) return 0;
  return brands.some((brand) => brand.name !== name && isSwapped(name, brand.name)) ? 0.7 : 0;
}

/** As written or as it looks, whichever is less; past `most` some number past it. */
function distanceOf({ name, skeleton }: Token, brand: KnownBrand, most: number): number {
  const isNear = editsBetween(name, brand.counts, brand.name.length) <= most;
  const looksNear = editsBetween(skeleton, brand.skeletonCounts, brand.skeleton.length) <= most;
  return Math.min(
    isNear ? editDistance(name, brand.name, most) : Infinity,
    looksNear ? editDistance(skeleton, brand.skeleton, most) : Infinity,
  );
}

/** Two neighbours changed places. */
function isSwapped(token: string, brand: string): boolean {
  if (token.length !== brand.length) return false;
  let at = 0;
  while (token[at] === brand[at]) at += 1;
  return (
    token[at] === brand[at + 1] &&
    token[at + 1] === brand[at] &&
    token.slice(at + 2) === brand.slice(at + 2)
  );
}

/** The first letter left out, or the one beside it on the keyboard: seldom another word. */
function isBegunWrong(token: string, brand: string): boolean {
  if (token === brand.slice(1)) return true;
  return (
    token.slice(1) === brand.slice(1) && BESIDE[brand.charAt(0)]?.includes(token.charAt(0)) === true
  );
}

/** Letters beside the first ones of names, on the keyboard most have. */
const BESIDE: Readonly<Record<string, string>> = {
  a: "qwsz",
  b: "vghn",
  c: "xdfv",
  d: "serfcx",
  e: "wsdr",
  f: "drtgvc",
  g: "ftyhbv",
  h: "gyujnb",
  i: "ujko",
  j: "huikmn",
  k: "jiolm",
  l: "kop",
  m: "njk",
  n: "bhjm",
  o: "iklp",
  p: "ol",
  r: "edft",
  s: "awedxz",
  t: "rfgy",
  u: "yhji",
  v: "cfgb",
  w: "qase",
  x: "zsdc",
  y: "tghu",
  z: "asx",
};

/** Words have many neighbours: only beside something that lures does one count. */
function misspeltWordWeight(token: string, brand: string, distance: number): number {
  return distance === 1 && token[0] === brand[0] && !HONEST_NAMES.has(token) ? 0.5 : 0;
}

function misspeltWeight(token: string, brand: string, distance: number): number {
  if (HONEST_NAMES.has(token)) return 0;
  const beginsSo = token[0] === brand[0];
  if (brand.length >= VERY_LONG) {
    if (distance <= 3) return 0.85;
    // A word more or less is another name.
    return beginsSo && brand.length > VERY_LONG + 1 && Math.abs(token.length - brand.length) <= 2
      ? 0.68
      : 0.4;
  }
  if (brand.length >= LONG)
    return distance === 1 ? 0.82 : beginsSo ? (brand.length > LONG + 1 ? 0.66 : 0.5) : 0.4;
  if (brand.length < MISSPELT_MIN) return beginsSo ? 0.6 : 0;
  return beginsSo ? 0.6 : isBegunWrong(token, brand) ? 0.5 : 0.3;
}
