/** Addresses that lead inside: this machine, its network, its cloud's credentials, its files. */
import { classifyAddress, type AddressKind } from "../address/classify-address.ts";
import type { Factor } from "./factor.ts";
import type { Destination } from "./parse-destination.ts";
import { STANDING, type HostTraits } from "./standing.ts";

const SCHEME_WEIGHTS: Readonly<Record<string, number>> = {
  file: 0.8,
  gopher: 0.95,
  dict: 0.95,
  ldap: 0.8,
  ldaps: 0.7,
  tftp: 0.9,
  jar: 0.85,
  netdoc: 0.95,
  javascript: 0.95,
  vbscript: 0.95,
  data: 0.85,
  smb: 0.75,
  phar: 0.95,
  expect: 0.95,
  "view-source": 0.7,
  "ssh2.exec": 0.95,
};

const SCHEMES: ReadonlyMap<string, Factor> = new Map(
  Object.entries(SCHEME_WEIGHTS).map(([name, weight]) => [name, ssrf(`scheme-${name}`, weight)]),
);

const ADDRESSES: Readonly<Record<AddressKind, number>> = {
  public: 0,
  not_an_address: 0,
  loopback: 0.9,
  private: 0.85,
  shared: 0.85,
  link_local: 0.95,
  metadata: 0.98,
  unspecified: 0.92,
  multicast: 0.8,
  reserved: 0.62,
};

const NOTHING: readonly Factor[] = [];

function ssrf(name: string, weight: number): Factor {
  return { kind: "ssrf", name, weight };
}

/** What the scheme says, whatever stands behind it. */
export function schemeFactors(scheme: string): readonly Factor[] {
  const factor = scheme === "https" || scheme === "http" ? undefined : SCHEMES.get(scheme);
  return factor === undefined ? NOTHING : [factor];
}

/** `ofHost`: what its host says, wherever it stands. */
export function internalFactors(
  { scheme, writtenHost, user, ambiguous }: Destination,
  ofHost: readonly Factor[],
): readonly Factor[] {
  const ofScheme = schemeFactors(scheme);
  if (ofScheme.length > 0 && writtenHost === "") return ofScheme;
  const namesHost = user !== "" && /[.:]/.test(user) && /[a-z]\.[a-z]{2}/i.test(user);
  if (ofScheme.length === 0 && !namesHost && !ambiguous) return ofHost;
  const factors = [...ofScheme, ...ofHost];
  if (namesHost) factors.push(ssrf("host-in-user", 0.9));
  if (ambiguous) factors.push(ssrf("ambiguous-authority", 0.85));
  return factors;
}

/** What its host says, wherever it stands. */
export function internalHostFactors(
  { host, writtenHost }: Pick<Destination, "host" | "writtenHost">,
  { address, standing }: Pick<HostTraits, "address" | "standing">,
): readonly Factor[] {
  if (address === "not_an_address") {
    const found = internalName(host, writtenHost, standing);
    return found === undefined ? NOTHING : [found];
  }
  const factors: Factor[] = [];
  if (ADDRESSES[address] > 0) factors.push(ssrf(`address-${address}`, ADDRESSES[address]));
  if (host !== writtenHost) factors.push(ssrf("obfuscated-address", 0.9));
  return factors;
}

function internalName(host: string, writtenHost: string, standing: number): Factor | undefined {
  if ((standing & STANDING.metadata) !== 0) return ssrf("metadata-host", 0.96);
  if ((standing & (STANDING.inside | STANDING.service)) !== 0 || host === "localhost")
    return ssrf("inside-name", 0.85);
  if (host === "" && /^[\d.xa-f]{4,}$/.test(writtenHost)) return ssrf("obfuscated-address", 0.85);
  if (host === "" && writtenHost.startsWith("[")) return inZone(writtenHost);
  if (host.includes("local") && THIS_MACHINE.test(host)) return ssrf("inside-name", 0.7);
  return (standing & STANDING.addressed) === 0
    ? undefined
    : ssrf("address-in-name", embedded(host));
}

/** An address with the name of an interface, which the standard refuses: `[fe80::1%eth0]`. */
function inZone(writtenHost: string): Factor | undefined {
  const weight = ADDRESSES[classifyAddress(writtenHost.slice(1).replace(/[%\]].*$/, ""))];
  return weight > 0 ? ssrf("address-in-zone", weight) : undefined;
}

/** `localhost.direct`, `app.localhost.example.com`. */
const THIS_MACHINE = /(?:^|\.)localhost\d{0,4}\./;

/** `127.0.0.1.nip.io`, `10-0-0-5.sslip.io`, and names that stand for this machine. */
function embedded(host: string): number {
  const dotted = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})\.[a-z]/.exec(host);
  if (dotted === null) return 0.8;
  return Math.max(0.65, ADDRESSES[classifyAddress(dotted.slice(1, 5).join("."))]);
}
