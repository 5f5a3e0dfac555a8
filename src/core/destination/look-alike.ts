/** Names that pass for somebody else's: misspelt, confusable, or a brand where it does not belong. */
import type { Factor } from "./factor.ts";
import { HONEST_NAMES } from "./honest-names.ts";
import { keptByName } from "./kept-by-name.ts";
import {
  brandsIn,
  brandsSeenIn,
  isTelling,
  mayShowBrand,
  tokenOf,
  type Token,
} from "./known-brands.ts";
import { LURES } from "./lures.ts";
import { misspelt, TOKEN_MIN } from "./misspelt.ts";
import { decodePunycode } from "./punycode.ts";
import type { DomainName } from "./registrable-domain.ts";
import { isSmallAscii, mixesScripts, skeletonOfFolded } from "./skeleton.ts";
import { isEstablished, STANDING, type HostTraits } from "./standing.ts";

/** Tools whose names stand in honest subdomains everywhere: `github.example.com`. */
const TOOLS = new Set(
  (
    "github gitlab docker npmjs bitbucket okta atlassian wordpress datadog sendgrid stripe zendesk " +
    "cloudflare huggingface openai anthropic salesforce twilio sharepoint shopify hubspot google"
  ).split(" "),
);

/** Fewer letters would be in too many honest words. */
const INSIDE_MIN = 6;
/** Fewer letters glued to a word that lures would be the end or the beginning of another word. */
const GLUED_MIN = 4;
/** No brand is shorter, nor does one look like less. */
const BRAND_MIN = 3;

const NOTHING: readonly Factor[] = [];

/** What was registered, judged, by domain. */
const registered = keptByName<readonly Factor[]>();

export function lookAlikeFactors(
  domain: DomainName,
  { standing, lures }: HostTraits,
): readonly Factor[] {
  const isRisky = (standing & STANDING.risky) !== 0;
  let own = registered.get(domain.domain);
  if (own === undefined) {
    own = registeredFactors(domain, isRisky);
    registered.keep(domain.domain, own);
  }
  const inSubdomain = brandInSubdomain(domain.subdomain);
  if (own.length === 0 && inSubdomain === 0) return own;
  const factors = [...own];
  add(factors, "brand-in-subdomain", inSubdomain);
  if (lures > 0) add(factors, "lure-word", 0.25);
  if (isRisky) add(factors, "risky-suffix", 0.25);
  return factors;
}

function add(factors: Factor[], name: string, weight: number): void {
  if (weight > 0) factors.push({ kind: "lookalike", name, weight });
}

/** Whatever stands before it. */
function registeredFactors(domain: DomainName, isRisky: boolean): readonly Factor[] {
  const name = readable(domain.name);
  const cut = cutAtDashes(name);
  const inName = brandInName(name, cut, domain.hosted, isRisky);
  // Other letters are not yet what they look like.
  const mayShow = !isSmallAscii(name) || mayShowBrand(name);
  if (!mayShow && name.length < TOKEN_MIN && inName === 0) return NOTHING;
  const tokens = tokensOf(name, cut);
  const alike = mayShow ? confusable(name, tokens, domain.name) : 0;
  let mistaken = 0;
  for (const [i, token] of tokens.entries()) {
    // A short part is a name of its own in most names, such as somebody's.
    if (i > 0 && token.name.length < INSIDE_MIN && !cut.some((part) => LURES.has(part))) continue;
    mistaken = Math.max(mistaken, misspelt(token));
  }
  if (inName === 0 && alike === 0 && mistaken === 0) return NOTHING;
  const factors: Factor[] = [];
  add(factors, "brand-in-name", inName);
  add(factors, "confusable-name", alike);
  add(factors, "misspelt-name", mistaken);
  return factors;
}

/** The name and, where dashes cut it, its parts. */
function tokensOf(name: string, cut: readonly string[]): readonly Token[] {
  const whole = tokenOf(name);
  if (cut.length === 1) return [whole];
  const tokens = [whole];
  const skeletons = cutAtDashes(whole.skeleton);
  for (const [i, part] of cut.entries()) {
    if (part.length < BRAND_MIN) continue;
    // What looks like a dash may have cut the skeleton once more.
    const skeleton = skeletons.length === cut.length ? skeletons[i] : undefined;
    tokens.push(skeleton === undefined ? tokenOf(part) : { name: part, skeleton });
  }
  return tokens;
}

function cutAtDashes(name: string): readonly string[] {
  return (name.includes("_") ? name.replaceAll("_", "-") : name).split("-");
}

/** Unicode as it is shown. */
function readable(label: string): string {
  return label.startsWith("xn--") ? (decodePunycode(label.slice(4)) ?? label) : label;
}

function brandInName(
  name: string,
  tokens: readonly string[],
  isHosted: boolean,
  isRisky: boolean,
): number {
  let worst = 0;
  for (const { name: brand, common } of brandsIn(name)) {
    if (tokens.some((token) => token.includes(brand) && HONEST_NAMES.has(token))) continue;
    let weight = 0;
    if (name === brand) {
      if (isHosted) weight = TOOLS.has(brand) ? 0.3 : 0.55;
      else if (isRisky) weight = 0.62;
      else weight = common ? 0 : 0.35;
    } else if (tokens.includes(brand)) {
      const lured = tokens.some((token) => LURES.has(token) || /^\d+$/.test(token));
      weight = common ? (lured ? 0.72 : 0.3) : TOOLS.has(brand) && !lured ? 0.4 : 0.76;
    } else if (brand.length >= GLUED_MIN && isGlued(name, brand)) {
      weight = 0.66;
    } else if (brand.length >= INSIDE_MIN && !common) {
      weight = name.startsWith(brand) || name.endsWith(brand) ? 0.66 : 0.6;
      if (TOOLS.has(brand)) weight -= 0.2;
    } else if (!common && brand.length >= 4) {
      // `17facebook`, `ebay1`: a brand and digits.
      const isNumbered = tokens.some((token) => token.replaceAll(/^\d+|\d+$/g, "") === brand);
      weight = isNumbered ? 0.62 : 0;
    }
    worst = Math.max(worst, weight);
  }
  return worst;
}

/** `paypallogin`, `secureebay`: a brand and a word that lures are the whole name. */
function isGlued(name: string, brand: string): boolean {
  if (name.startsWith(brand)) return LURES.has(name.slice(brand.length));
  return name.endsWith(brand) && LURES.has(name.slice(0, -brand.length));
}

function confusable(name: string, tokens: readonly Token[], written: string): number {
  const foreign = written.startsWith("xn--");
  for (const token of tokens) {
    const weight = confusableToken(token, foreign);
    if (weight > 0) return weight;
  }
  return foreign && mixesScripts(name) ? 0.7 : 0;
}

function confusableToken({ name, skeleton }: Token, foreign: boolean): number {
  let worst = 0;
  for (const brand of brandsSeenIn(skeleton)) {
    if (brand.name === name || HONEST_NAMES.has(name)) continue;
    if (skeleton === brand.skeleton && brand.name.length >= 4) return 0.93;
    const inside = brand.name.length >= INSIDE_MIN && !brand.common;
    if (inside && skeleton !== name && !name.includes(brand.name)) worst = foreign ? 0.9 : 0.72;
  }
  return worst;
}

/** `host` as it is written, `seen` as it looks: how likely a brand in it does not belong there. */
export function brandAtGlance(host: string, seen: string): number {
  if (!mayShowBrand(seen)) return 0;
  let worst = 0;
  for (const { name } of brandsSeenIn(skeletonOfFolded(seen)).filter(isTelling)) {
    worst = Math.max(worst, TOOLS.has(name) ? 0.4 : host.includes(name) ? 0.6 : 0.72);
  }
  return worst > 0 && (isEstablished(host) || isFollowedByProse(host)) ? 0 : worst;
}

/** What others write right behind an address, without a space: `https://example.com，谢谢`. */
const PROSE_BEHIND = /^([a-z\d.-]+)[^\0-\x7f][^.\u3002\uff0e\uff61]*$/;

function isFollowedByProse(host: string): boolean {
  const name = PROSE_BEHIND.exec(host)?.[1];
  return name !== undefined && isEstablished(name);
}

function brandInSubdomain(subdomain: string): number {
  const brands = brandsIn(subdomain);
  if (brands.length === 0) return 0;
  const labels = subdomain.split(".");
  let worst = 0;
  for (const [i, label] of labels.entries()) {
    const tokens = cutAtDashes(label);
    for (const token of tokens) {
      const known = brands.find(({ name }) => name === token);
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
const PATH_UNITS_MAX = 160;
const ENDING_MAX = 6;
/** Folders that nobody serves pages from but who got into a site, and what such pages are called. */
const SEIZED = /\/(?:wp-(?:content|includes|admin)|\.well-known|css|images?|img|js|tmp|cgi-bin)\//i;
const FORM =
  /(?:log-?in|sign-?in|log-?on|verif\w*|account|secure|update|confirm|auth|webscr|index)[\w-]*\.(?:php|html?|aspx?)$/i;

/** A form named after a brand in somebody else's site. */
export function brandInForm(path: string): number {
  const dot = path.lastIndexOf(".");
  if (dot < 0 || path.length - dot > ENDING_MAX || !FORM.test(path) || !SEIZED.test(path)) return 0;
  const text = path.slice(0, PATH_UNITS_MAX).toLowerCase();
  const tokens = text.split(/[^a-z\d]+/);
  return brandsIn(text).some(({ name }) => !TOOLS.has(name) && tokens.includes(name)) ? 0.66 : 0;
}

/** Pages of strangers on a shared host, named after a brand. */
export function brandInPath(path: string, subdomain: string): number {
  const text = `${subdomain}${path}`.slice(0, PATH_UNITS_MAX).toLowerCase();
  const brands = brandsIn(text);
  if (brands.length === 0) return 0;
  const tokens = text.split(/[^a-z\d]+/);
  const named = brands.some(({ name, common }) => {
    if (common || TOOLS.has(name)) return false;
    return name.length >= INSIDE_MIN || tokens.includes(name);
  });
  if (!named) return 0;
  return CLONED.test(text) || tokens.length <= 3 ? 0.66 : 0.45;
}
