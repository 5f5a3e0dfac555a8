/** Names that pass for somebody else's: misspelt, confusable, or a brand where it does not belong. */
import { editDistance } from "../../lib/edit-distance.ts";
import { BRAND_LIST, type Brand } from "./brands.ts";
import type { Factor } from "./factor.ts";
import { RISKY_SUFFIXES } from "./known-domains.ts";
import { LURES, luresIn } from "./lures.ts";
import { decodePunycode } from "./punycode.ts";
import type { DomainName } from "./registrable-domain.ts";
import { bits, countsOf, editsBetween, lettersOf, mixesScripts, skeletonOf } from "./skeleton.ts";

/** Tools whose names stand in honest subdomains everywhere: `github.example.com`. */
const TOOLS = new Set(
  (
    "github gitlab docker npmjs bitbucket okta atlassian wordpress datadog sendgrid stripe zendesk " +
    "cloudflare huggingface openai anthropic salesforce twilio sharepoint shopify hubspot google"
  ).split(" "),
);

/** Fewer letters would be near too many honest words. */
const MISSPELT_MIN = 6;
const SWAPPED_MIN = 5;
const INSIDE_MIN = 6;
const LONG = 8;
const VERY_LONG = 12;
/** Edits in the longest names. */
const MISSPELT_MAX = 4;
/** No brand is nearly as long. */
const NAME_UNITS_MAX = 32;

/** A name, or what dashes cut out of it. Letters are bits: most names rule out most brands by them. */
interface Token {
  readonly name: string;
  readonly letters: number;
  readonly skeleton: string;
  readonly skeletonLetters: number;
}

/** How often each letter occurs. */
interface Counts {
  readonly counts: Uint8Array;
  readonly skeletonCounts: Uint8Array;
}

interface Known extends Brand, Token, Counts {}

function tokenOf(name: string): Token {
  const skeleton = skeletonOf(name);
  return { name, letters: lettersOf(name), skeleton, skeletonLetters: lettersOf(skeleton) };
}

const BRANDS: readonly Known[] = BRAND_LIST.map((brand) => {
  const token = tokenOf(brand.name);
  return { ...brand, ...token, ...countsIn(token) };
});
/** Of all brands side by side: most are ruled out without being looked at. */
const LETTERS = Int32Array.from(BRANDS, ({ letters }) => letters);
const SKELETON_LETTERS = Int32Array.from(BRANDS, ({ skeletonLetters }) => skeletonLetters);
const BY_NAME: ReadonlyMap<string, Known> = new Map(BRANDS.map((brand) => [brand.name, brand]));

function editsOf(length: number): number {
  return length >= VERY_LONG ? MISSPELT_MAX : length >= LONG ? 2 : 1;
}

/** Brands that a token of one length may be a misspelling of, their letters side by side. */
interface NearBrands {
  readonly brands: readonly Known[];
  readonly letters: Int32Array;
  readonly skeletonLetters: Int32Array;
  /** Letters that may occur in one only: each edit changes at most two. -1: it is only swapped. */
  readonly differences: Int8Array;
}

const NEAR_LENGTH: readonly NearBrands[] = Array.from({ length: NAME_UNITS_MAX }, (_, units) => {
  const brands = BRANDS.filter(({ name: { length } }) => {
    return length >= SWAPPED_MIN && Math.abs(length - units) <= editsOf(length) + 1;
  });
  return {
    brands,
    letters: Int32Array.from(brands, ({ letters }) => letters),
    skeletonLetters: Int32Array.from(brands, ({ skeletonLetters }) => skeletonLetters),
    differences: Int8Array.from(brands, ({ name: { length }, common }) => {
      return length < MISSPELT_MIN || common ? -1 : 2 * editsOf(length);
    }),
  };
});

/** Names judged, by host, and what was registered, by domain; each is emptied when full. */
const CACHE_MAX = 512;
type Judged = Map<string, readonly Factor[]>;
const judged: Judged = new Map();
const registered: Judged = new Map();

export function lookAlikeFactors(domain: DomainName, path: string): readonly Factor[] {
  let factors = judged.get(domain.host);
  if (factors === undefined) {
    factors = nameFactors(domain);
    keep(judged, domain.host, factors);
  }
  if (!domain.hosted) return factors;
  const weight = brandInPath(path, domain.subdomain);
  if (weight === 0) return factors;
  return [...factors, { kind: "lookalike", name: "brand-on-shared-host", weight }];
}

function keep(known: Judged, name: string, factors: readonly Factor[]): void {
  if (known.size >= CACHE_MAX) known.clear();
  known.set(name, factors);
}

function nameFactors(domain: DomainName): readonly Factor[] {
  let own = registered.get(domain.domain);
  if (own === undefined) {
    own = registeredFactors(domain);
    keep(registered, domain.domain, own);
  }
  const inSubdomain = brandInSubdomain(domain.subdomain);
  if (own.length === 0 && inSubdomain === 0) return own;
  const factors = [...own];
  const add = (name: string, weight: number): void => {
    if (weight > 0) factors.push({ kind: "lookalike", name, weight });
  };
  add("brand-in-subdomain", inSubdomain);
  if (luresIn(`${domain.subdomain}.${domain.name}`) > 0) add("lure-word", 0.25);
  if (RISKY_SUFFIXES.has(domain.suffix)) add("risky-suffix", 0.25);
  return factors;
}

/** Whatever stands before it. */
function registeredFactors(domain: DomainName): readonly Factor[] {
  const factors: Factor[] = [];
  const add = (name: string, weight: number): void => {
    if (weight > 0) factors.push({ kind: "lookalike", name, weight });
  };
  const name = readable(domain.name);
  const cut = cutAtDashes(name);
  const tokens = (cut.length === 1 ? cut : [...new Set([name, ...cut])]).map(tokenOf);
  add("brand-in-name", brandInName(name, cut, domain));
  add("confusable-name", confusable(name, tokens, domain.name));
  add("misspelt-name", misspelt(tokens));
  return factors;
}

function cutAtDashes(name: string): readonly string[] {
  return name.includes("-") || name.includes("_") ? name.split(/[-_]/) : [name];
}

/** Unicode as it is shown. */
function readable(label: string): string {
  return label.startsWith("xn--") ? (decodePunycode(label.slice(4)) ?? label) : label;
}

function brandInName(
  name: string,
  tokens: readonly string[],
  { hosted, suffix }: DomainName,
): number {
  const letters = lettersOf(name);
  // `17facebook`, `ebay1`: a brand and digits.
  const words = /\d/.test(name)
    ? tokens.map((token) => token.replaceAll(/^\d+|\d+$/g, ""))
    : tokens;
  let worst = 0;
  for (let i = 0; i < LETTERS.length; i += 1) {
    if (((LETTERS[i] ?? 0) & ~letters) !== 0) continue;
    const { name: brand = "", common = true } = BRANDS[i] ?? {};
    let weight = 0;
    if (name === brand) {
      if (hosted) weight = TOOLS.has(brand) ? 0.3 : 0.55;
      else if (RISKY_SUFFIXES.has(suffix)) weight = 0.62;
      else weight = common ? 0 : 0.35;
    } else if (tokens.includes(brand)) {
      const lured = tokens.some((token) => LURES.has(token) || /^\d+$/.test(token));
      weight = common ? (lured ? 0.72 : 0.3) : TOOLS.has(brand) && !lured ? 0.4 : 0.76;
    } else if (brand.length >= INSIDE_MIN && !common && name.includes(brand)) {
      weight = name.startsWith(brand) || name.endsWith(brand) ? 0.66 : 0.6;
      if (TOOLS.has(brand)) weight -= 0.2;
    } else if (!common && brand.length >= 4 && words.includes(brand)) {
      weight = 0.62;
    }
    worst = Math.max(worst, weight);
  }
  return worst;
}

function confusable(name: string, tokens: readonly Token[], written: string): number {
  const foreign = written.startsWith("xn--");
  for (const { name: token, skeleton, skeletonLetters } of tokens) {
    for (let i = 0; i < SKELETON_LETTERS.length; i += 1) {
      if (((SKELETON_LETTERS[i] ?? 0) & ~skeletonLetters) !== 0) continue;
      const brand = BRANDS[i];
      if (brand === undefined || brand.name === token) continue;
      if (skeleton === brand.skeleton && brand.name.length >= 4) return 0.93;
      const inside = brand.name.length >= INSIDE_MIN && !brand.common;
      if (
        inside &&
        skeleton !== token &&
        skeleton.includes(brand.skeleton) &&
        !token.includes(brand.name)
      ) {
        return foreign ? 0.9 : 0.72;
      }
    }
  }
  return foreign && mixesScripts(name) ? 0.7 : 0;
}

function misspelt(tokens: readonly Token[]): number {
  let worst = 0;
  for (const token of tokens) {
    const near = token.name.length < SWAPPED_MIN ? undefined : NEAR_LENGTH[token.name.length];
    if (near !== undefined) worst = Math.max(worst, misspeltOf(token, near));
  }
  return worst;
}

function misspeltOf(token: Token, near: NearBrands): number {
  const { name, letters, skeletonLetters } = token;
  let counts: Counts | undefined;
  let worst = 0;
  for (let i = 0; i < near.letters.length; i += 1) {
    const isPermuted = near.letters[i] === letters;
    const differences = bits(skeletonLetters ^ (near.skeletonLetters[i] ?? 0));
    const isNear = differences <= (near.differences[i] ?? 0);
    const brand = isPermuted || isNear ? near.brands[i] : undefined;
    if (brand === undefined || brand.name === name) continue;
    if (isPermuted && isSwapped(name, brand.name)) worst = Math.max(worst, 0.7);
    if (!isNear) continue;
    const most = editsOf(brand.name.length);
    const distance = distanceOf(token, (counts ??= countsIn(token)), brand, most);
    if (distance === 0 || distance > most) continue;
    worst = Math.max(worst, misspeltWeight(name, brand.name, distance));
  }
  return worst;
}

function countsIn({ name, skeleton }: Pick<Token, "name" | "skeleton">): Counts {
  return { counts: countsOf(name), skeletonCounts: countsOf(skeleton) };
}

/** As written or as it looks, whichever is less; past `most` some number past it. */
function distanceOf(token: Token, own: Counts, brand: Known, most: number): number {
  const isNear = editsBetween(own.counts, brand.counts) <= most;
  const looksNear = editsBetween(own.skeletonCounts, brand.skeletonCounts) <= most;
  return Math.min(
    isNear ? editDistance(token.name, brand.name, most) : Infinity,
    looksNear ? editDistance(token.skeleton, brand.skeleton, most) : Infinity,
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

function misspeltWeight(token: string, brand: string, distance: number): number {
  if (brand.length >= VERY_LONG) return distance <= 3 ? 0.85 : 0.68;
  if (brand.length >= LONG) return distance === 1 ? 0.82 : token[0] === brand[0] ? 0.66 : 0.4;
  return token[0] === brand[0] ? 0.6 : 0.3;
}

function brandInSubdomain(subdomain: string): number {
  if (subdomain === "") return 0;
  const labels = subdomain.split(".");
  let worst = 0;
  for (const [i, label] of labels.entries()) {
    const tokens = cutAtDashes(label);
    for (const token of tokens) {
      const known = BY_NAME.get(token);
      if (known === undefined) continue;
      const next = tokens.length > 1 ? tokens[tokens.indexOf(token) + 1] : labels[i + 1];
      const whole = next !== undefined && /^(?:com?|net|org|jp|uk|de|fr|io)(?:-|$)/.test(next);
      const weight = whole ? 0.92 : known.common || TOOLS.has(token) ? 0.3 : 0.72;
      worst = Math.max(worst, weight);
    }
  }
  return worst;
}

const CLONED = /clone|login|log-in|sign|landing|verify|account|phish|register|home|ui\b|page|gift/i;

/** Pages of strangers on a shared host, named after a brand. */
function brandInPath(path: string, subdomain: string): number {
  const text = `${subdomain}${path}`.toLowerCase().slice(0, 160);
  const tokens = text.split(/[^a-z\d]+/);
  const named = BRANDS.some(({ name, common }) => {
    if (common || TOOLS.has(name)) return false;
    return tokens.includes(name) || (name.length >= INSIDE_MIN && text.includes(name));
  });
  if (!named) return 0;
  return CLONED.test(text) || tokens.length <= 3 ? 0.66 : 0.45;
}
