/** The brands as names are compared with them: most names rule out most brands at a glance. */
import { BRAND_LIST, type Brand } from "./brands.ts";
import { countsOf, skeletonOf } from "./skeleton.ts";

/** A name, or what dashes cut out of it. */
export interface Token {
  readonly name: string;
  readonly skeleton: string;
}

/** How often each letter occurs. */
export interface Counts {
  readonly counts: Uint8Array;
  readonly skeletonCounts: Uint8Array;
}

export interface KnownBrand extends Brand, Token, Counts {}

export function tokenOf(name: string): Token {
  return { name, skeleton: skeletonOf(name) };
}

export function countsIn({ name, skeleton }: Token): Counts {
  return { counts: countsOf(name), skeletonCounts: countsOf(skeleton) };
}

export const BRANDS: readonly KnownBrand[] = BRAND_LIST.map((brand) => {
  const token = tokenOf(brand.name);
  return { ...brand, ...token, ...countsIn(token) };
});

const NONE: readonly KnownBrand[] = [];
/** No brand is shorter, nor looks as if it were. */
const BEGIN_UNITS = 3;
const CLASS_BITS = 5;
const LETTERS = 26;

/** Brands by their first letters. */
interface Beginnings {
  /** By key, whether any brand begins so. */
  readonly known: Uint8Array;
  readonly brands: ReadonlyMap<number, readonly KnownBrand[]>;
}

const WRITTEN = beginningsOf(({ name }) => name);
const LOOKING = beginningsOf(({ skeleton }) => skeleton);

/** All brands that stand in `text`, and others that begin like something in it. */
export function brandsIn(text: string): readonly KnownBrand[] {
  return begunIn(WRITTEN, text);
}

/** The same for a skeleton and the skeletons of brands. */
export function brandsSeenIn(skeleton: string): readonly KnownBrand[] {
  return begunIn(LOOKING, skeleton);
}

function begunIn({ known, brands }: Beginnings, text: string): readonly KnownBrand[] {
  let found: KnownBrand[] | undefined;
  let key = 0;
  for (let i = 0; i < text.length; i += 1) {
    key = nextKey(key, text.charCodeAt(i));
    if (i + 1 < BEGIN_UNITS || known[key] === 0) continue;
    found ??= [];
    for (const brand of brands.get(key) ?? NONE) if (!found.includes(brand)) found.push(brand);
  }
  return found ?? NONE;
}

/** Of the last units, each as a letter or as none. */
function nextKey(key: number, unit: number): number {
  const letter = unit - 0x60;
  const one = letter > 0 && letter <= LETTERS ? letter : 0;
  return ((key << CLASS_BITS) | one) & ((1 << (BEGIN_UNITS * CLASS_BITS)) - 1);
}

function beginningsOf(form: (brand: KnownBrand) => string): Beginnings {
  const brands = Map.groupBy(BRANDS, (brand) => {
    let key = 0;
    for (let i = 0; i < BEGIN_UNITS; i += 1) key = nextKey(key, form(brand).charCodeAt(i));
    return key;
  });
  const known = new Uint8Array(1 << (BEGIN_UNITS * CLASS_BITS));
  for (const key of brands.keys()) known[key] = 1;
  return { known, brands };
}
