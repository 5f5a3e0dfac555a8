/** Names that imitate nobody and still deserve a doubt. */
import type { AddressKind } from "../address/classify-address.ts";
import { isDigit } from "../inspect/text-units.ts";
import type { Factor } from "./factor.ts";
import type { DomainName } from "./registrable-domain.ts";
import { STANDING, type HostTraits } from "./standing.ts";

const LEVELS_MANY = 5;
const HOST_LONG = 60;
/** Fewer are no address of a rented machine. */
const MACHINE_DIGITS_MIN = 4;
const RANDOM_MIN = 9;
const RANDOM_CHANGES = 4;
const RANDOM_CONSONANTS = 6;

export function doubtFactors(
  { host, name, hosted }: DomainName,
  { address, standing, lures }: HostTraits,
): readonly Factor[] {
  if (address === "public") return [doubt("bare-address", 0.62)];
  const factors: Factor[] = [];
  const add = (factor: string, weight: number): void => {
    factors.push(doubt(factor, weight));
  };
  if ((standing & STANDING.shortener) !== 0) add("shortener", 0.45);
  if ((standing & STANDING.dynamic) !== 0) add("dynamic-name", 0.6);
  if (host.includes(".onion") && /\.onion(?:\.\w+)?$/.test(host)) add("hidden-service", 0.75);
  const { levels, digits } = countsIn(host);
  if (
    digits >= MACHINE_DIGITS_MIN &&
    /(?:^|[.-])\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]/.test(host)
  )
    add("rented-machine", 0.62);
  if (lures > 1) add("lure-words", lures > 2 ? 0.55 : 0.4);
  if (isRandom(name)) add("random-name", 0.45);
  if ((standing & STANDING.risky) !== 0) add("risky-suffix", lures > 0 ? 0.3 : 0.2);
  if (levels > LEVELS_MANY) add("many-levels", 0.25);
  if (host.length > HOST_LONG) add("long-name", 0.2);
  if (hosted && lures > 0) add("shared-host", 0.2);
  return factors;
}

/** A port that is seldom honest behind a name, and hardly ever behind an address. */
export function portFactor(port: string, kind: AddressKind): Factor | undefined {
  if (port === "" || port === "80" || port === "443") return undefined;
  if (kind === "public") return doubt("odd-port", 0.3);
  return port === "8080" || port === "8443" || port === "3000"
    ? undefined
    : doubt("odd-port", 0.25);
}

const PROGRAM = /\.(?:exe|scr|hta|vb[es]|lnk|jar|apk|msi|bat|cmd|ps1|iso|dll)$/i;

/** What runs when it is opened, where much of what is served is fraud. */
export function programFactor(path: string, { standing }: HostTraits): Factor | undefined {
  if ((standing & (STANDING.risky | STANDING.dynamic)) === 0 || !PROGRAM.test(path))
    return undefined;
  return doubt("program", 0.5);
}

function doubt(name: string, weight: number): Factor {
  return { kind: "suspicious", name, weight };
}

interface HostCounts {
  readonly levels: number;
  readonly digits: number;
}

function countsIn(host: string): HostCounts {
  let levels = 1;
  let digits = 0;
  for (let i = 0; i < host.length; i += 1) {
    const unit = host.charCodeAt(i);
    if (unit === DOT) levels += 1;
    else if (isDigit(unit)) digits += 1;
  }
  return { levels, digits };
}

/** As programs make them up: digits among letters, or consonants that nobody can say. */
function isRandom(name: string): boolean {
  if (name.length < RANDOM_MIN || name.includes("-")) return false;
  let changes = 0;
  let consonants = 0;
  let before = OTHER;
  for (let i = 0; i < name.length; i += 1) {
    const kind = kindOf(name.charCodeAt(i));
    const isLetter = kind === VOWEL || kind === CONSONANT;
    if (isLetter ? before === DIGIT : kind === DIGIT && before !== DIGIT && before !== OTHER)
      changes += 1;
    consonants = kind === CONSONANT ? consonants + 1 : 0;
    if (consonants === RANDOM_CONSONANTS || changes === RANDOM_CHANGES) return true;
    before = kind;
  }
  return false;
}

const DOT = 0x2e;
const OTHER = 0;
const DIGIT = 1;
const VOWEL = 2;
const CONSONANT = 3;

/** `y` is a vowel here. */
const VOWELS = new Set(Array.from("aeiouy", (letter) => letter.charCodeAt(0)));

function kindOf(unit: number): number {
  if (unit >= 0x61 && unit <= 0x7a) return VOWELS.has(unit) ? VOWEL : CONSONANT;
  return isDigit(unit) ? DIGIT : OTHER;
}
