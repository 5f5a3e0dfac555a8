/** Names that imitate nobody and still deserve a doubt. */
import type { Factor } from "./factor.ts";
import { classifyAddress } from "../address/classify-address.ts";
import { DYNAMIC_NAMES, RISKY_SUFFIXES, SHORTENERS } from "./known-domains.ts";
import { luresIn } from "./lures.ts";
import type { Destination } from "./parse-destination.ts";
import type { DomainName } from "./registrable-domain.ts";
import { withoutBrackets } from "../../lib/without-brackets.ts";

const LEVELS_MANY = 5;
const HOST_LONG = 60;
const RANDOM_MIN = 9;

export function doubtFactors(
  { host, port }: Destination,
  { domain, name, subdomain, suffix, hosted }: DomainName,
): readonly Factor[] {
  const factors: Factor[] = [];
  const add = (factor: string, weight: number): void => {
    factors.push({ kind: "suspicious", name: factor, weight });
  };
  const address = withoutBrackets(host);
  if (classifyAddress(address) === "public") {
    add("bare-address", 0.62);
    if (port !== "" && port !== "80" && port !== "443") add("odd-port", 0.3);
    return factors;
  }
  if (SHORTENERS.has(domain)) add("shortener", 0.45);
  if (DYNAMIC_NAMES.has(domain) || DYNAMIC_NAMES.has(suffix)) add("dynamic-name", 0.6);
  if (host.endsWith(".onion") || /\.onion\.\w+$/.test(host)) add("hidden-service", 0.75);
  if (/(?:^|[.-])\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]\d{1,3}[.-]/.test(host))
    add("rented-machine", 0.62);
  const lures = luresIn(`${subdomain}.${name}`);
  if (lures > 1) add("lure-words", lures > 2 ? 0.55 : 0.4);
  if (isRandom(name)) add("random-name", 0.45);
  if (RISKY_SUFFIXES.has(suffix)) add("risky-suffix", lures > 0 ? 0.3 : 0.2);
  if (host.split(".").length > LEVELS_MANY) add("many-levels", 0.25);
  if (host.length > HOST_LONG) add("long-name", 0.2);
  if (hosted && lures > 0) add("shared-host", 0.2);
  if (port !== "" && !/^(?:80|443|8080|8443|3000)$/.test(port)) add("odd-port", 0.25);
  return factors;
}

/** As programs make them up: digits among letters, or consonants that nobody can say. */
function isRandom(name: string): boolean {
  if (name.length < RANDOM_MIN || name.includes("-")) return false;
  const changes = name.match(/[a-z](?=\d)|\d(?=[a-z])/g)?.length ?? 0;
  return changes >= 4 || /[bcdfghjklmnpqrstvwxz]{6}/.test(name);
}
