/** The brands as names are compared with them: most names rule out most brands at a glance. */
import { BRAND_LIST, type Brand } from "./brands.ts";
import { countsOf, LETTER_PAIRS, LOOKS_LIKE, skeletonOf } from "./skeleton.ts";

/** A name, or what dashes cut out of it. */
export interface Token {
  readonly name: string;
  readonly skeleton: string;
}

export interface KnownBrand extends Brand, Token {
  /** How often each letter occurs. */
  readonly counts: Uint8Array;
  readonly skeletonCounts: Uint8Array;
}

export function tokenOf(name: string): Token {
  return { name, skeleton: skeletonOf(name) };
}

export const BRANDS: readonly KnownBrand[] = BRAND_LIST.map((brand) => {
  const { name, skeleton } = tokenOf(brand.name);
  return { ...brand, skeleton, counts: countsOf(name), skeletonCounts: countsOf(skeleton) };
});

const NONE: readonly KnownBrand[] = [];
/** No brand is shorter, nor looks as if it were. */
const BEGIN_UNITS = 3;
const CLASS_BITS = 5;
const LETTERS = 26;
const KEY_MASK = (1 << (BEGIN_UNITS * CLASS_BITS)) - 1;

/** Brands by the first letters of one form of their names. */
interface Beginnings {
  readonly form: (brand: KnownBrand) => string;
  /** By key, whether any brand begins so. */
  readonly known: Uint8Array;
  readonly brands: ReadonlyMap<number, readonly KnownBrand[]>;
}

const ASCII_END = 0x80;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
const PAIR_MASK = (1 << (2 * CLASS_BITS)) - 1;
/** By unit of a name in small letters: the class of the letter that it is or looks like. */
const shownAs = Uint8Array.from({ length: ASCII_END }, (_, unit) => {
  const sign = String.fromCharCode(unit);
  return classOf((LOOKS_LIKE[sign] ?? sign).charCodeAt(0));
});
/** By the classes of two letters: that of the one they look like. */
const pairs = new Uint8Array(PAIR_MASK + 1);
for (const [pair, letter] of LETTER_PAIRS) {
  const key = (classOf(pair.charCodeAt(0)) << CLASS_BITS) | classOf(pair.charCodeAt(1));
  pairs[key] = classOf(letter.charCodeAt(0));
}

/** An open name says nothing where it stands as its owners write it. */
const WRITTEN = beginningsOf(
  BRANDS.filter(({ open }) => !open),
  ({ name }) => name,
);
const LOOKING = beginningsOf(BRANDS, ({ skeleton }) => skeleton);

/** Brands whose names stand in `text`, but for the open ones. */
export function brandsIn(text: string): readonly KnownBrand[] {
  return standingIn(WRITTEN, text);
}

/**
 * Whether the skeleton of a name that was folded has what any brand's begins with: told without
 * spelling it.
 */
export function mayShowBrand(folded: string): boolean {
  const { known } = LOOKING;
  let key = 0;
  for (let i = 0; i < folded.length; i += 1) {
    const unit = folded.charCodeAt(i);
    key = nextKeyShown(key, unit < ASCII_END ? (shownAs[unit] ?? 0) : 0);
    if (known[key] === 1) return true;
  }
  return false;
}

/** Two letters that look like one take one place. */
function nextKeyShown(key: number, letter: number, mask = KEY_MASK): number {
  const one = pairs[((key << CLASS_BITS) | letter) & PAIR_MASK] ?? 0;
  return one === 0 ? ((key << CLASS_BITS) | letter) & mask : (key & ~CLASS_MASK) | one;
}

/** Fewer letters, or a common word, would be in too many honest words. */
export function isTelling({ name, common }: Brand): boolean {
  return name.length >= TELLING_MIN && !common;
}

const TELLING_MIN = 6;
/** The skeleton of such a brand has as many. */
const TELLING_BEGIN_UNITS = 5;
const TELLING_MASK = (1 << (TELLING_BEGIN_UNITS * CLASS_BITS)) - 1;
const HASH_BITS = 17;
/** A bit for each hash of first letters, whether any such brand looks so. */
const telling = new Int32Array(1 << (HASH_BITS - 5));
for (const { skeleton } of BRANDS.filter(isTelling)) {
  let key = 0;
  for (let i = 0; i < TELLING_BEGIN_UNITS; i += 1) {
    key = ((key << CLASS_BITS) | classOf(skeleton.charCodeAt(i))) & TELLING_MASK;
  }
  const hash = hashOf(key);
  telling[hash >> 5] = (telling[hash >> 5] ?? 0) | (1 << hash);
}

function hashOf(key: number): number {
  return Math.imul(key, 0x9e3779b1) >>> (32 - HASH_BITS);
}

/** The first `count` units as a folded name: whether it may show a brand that is telling. */
export function mayShowTelling(units: Uint16Array, count: number): boolean {
  let key = 0;
  for (let i = 0; i < count; i += 1) {
    const unit = units[i] ?? 0;
    key = nextKeyShown(key, unit < ASCII_END ? (shownAs[unit] ?? 0) : 0, TELLING_MASK);
    const hash = hashOf(key);
    if ((((telling[hash >> 5] ?? 0) >> hash) & 1) === 1) return true;
  }
  return false;
}

/** Brands whose skeletons stand in one. */
export function brandsSeenIn(skeleton: string): readonly KnownBrand[] {
  return standingIn(LOOKING, skeleton);
}

function standingIn({ form, known, brands }: Beginnings, text: string): readonly KnownBrand[] {
  let found: KnownBrand[] | undefined;
  let key = 0;
  for (let i = 0; i < text.length; i += 1) {
    key = nextKey(key, text.charCodeAt(i));
    const start = i + 1 - BEGIN_UNITS;
    if (start < 0 || known[key] === 0) continue;
    for (const brand of brands.get(key) ?? NONE) {
      if (!text.startsWith(form(brand), start)) continue;
      found ??= [];
      if (!found.includes(brand)) found.push(brand);
    }
  }
  return found ?? NONE;
}

/** Of the last units, each as a letter or as none. */
function nextKey(key: number, unit: number): number {
  return ((key << CLASS_BITS) | classOf(unit)) & KEY_MASK;
}

function classOf(unit: number): number {
  const letter = unit - 0x60;
  return letter > 0 && letter <= LETTERS ? letter : 0;
}

function beginningsOf(among: readonly KnownBrand[], form: Beginnings["form"]): Beginnings {
  const brands = Map.groupBy(among, (brand) => {
    let key = 0;
    for (let i = 0; i < BEGIN_UNITS; i += 1) key = nextKey(key, form(brand).charCodeAt(i));
    return key;
  });
  const known = new Uint8Array(KEY_MASK + 1);
  for (const key of brands.keys()) known[key] = 1;
  return { form, known, brands };
}
