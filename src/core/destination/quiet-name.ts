/**
 * Plain names that say nothing at a glance: no brand's, nothing that is known, no payload, no
 * address. How such a name is misspelt, or that a program made it up, takes long to tell, and a text
 * may be full of them. In doubt a name is not quiet.
 */
import { brandsIn, brandsSeenIn, mayShowBrand } from "./known-brands.ts";
import { luresIn } from "./lures.ts";
import { PAYLOAD_MIN } from "./readable-payload.ts";
import { skeletonOfFolded } from "./skeleton.ts";
import { isKnown } from "./standing.ts";

const HOST_UNITS_MAX = 40;
/** What stands behind a host and is as long may carry something, or be named after a brand. */
const BEHIND_MAX = 4;
/** As many may be an address. */
const DIGITS_MIN = 4;

/** Of the name at hand. */
const units = new Uint16Array(HOST_UNITS_MAX);

/** Schemes that say nothing. */
const SCHEMES = new Set(["http", "https", "ws", "wss", "ftp"]);

/** Whether such a host is all that `address` has, with next to nothing behind it. */
export function isQuietName(address: string): boolean {
  const colon = address.indexOf(":");
  const from = colon + 3;
  if (address.length - from > HOST_UNITS_MAX + BEHIND_MAX) return false;
  if (!address.startsWith("//", colon + 1)) return false;
  if (!SCHEMES.has(address.slice(0, colon).toLowerCase())) return false;
  const count = nameUnits(address, from);
  const end = from + count;
  if (count === 0 || address.length - end > BEHIND_MAX) return false;
  if (end < address.length && address.charCodeAt(end) !== SLASH) return false;
  const host = address.slice(from, end);
  if (/xn--|local|onion/.test(host) || luresIn(host, count) > 1 || isKnown(host, units))
    return false;
  if (mayShowBrand(host) && brandsSeenIn(skeletonOfFolded(host)).length > 0) return false;
  // A brand may begin or end with half of two letters that look like one.
  return brandsIn(host).length === 0;
}

/** How many units such a name has from `from` on; 0: it is another, or may be an address. */
function nameUnits(address: string, from: number): number {
  const most = Math.min(address.length, from + HOST_UNITS_MAX);
  let digits = 0;
  /** Where the last label begins, and the one before it. */
  let label = from;
  let before = from;
  let i = from;
  for (; i < most; i += 1) {
    const unit = address.charCodeAt(i);
    units[i - from] = unit;
    if (isSmallLetter(unit) || unit === DASH) continue;
    if (unit === DOT) {
      if (i === label) return 0;
      before = label;
      label = i + 1;
    } else if (unit >= DIGIT_0 && unit <= DIGIT_9) digits += 1;
    else break;
  }
  // Whatever was registered has two labels at least: those before it carry nothing so short.
  const isPlain = digits < DIGITS_MIN && before - from <= PAYLOAD_MIN;
  return isPlain && isSmallLetter(address.charCodeAt(label)) ? i - from : 0;
}

const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

function isSmallLetter(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a;
}
