/** Addresses that lead inside: this machine, its network, its cloud's credentials, its files. */
import { classifyAddress, type AddressKind } from "../address/classify-address.ts";
import { listedName } from "./domain-list.ts";
import { ADDRESS_NAMES } from "./known-domains.ts";
import type { Factor } from "./factor.ts";
import type { Destination } from "./parse-destination.ts";
import { withoutBrackets } from "../../lib/without-brackets.ts";

const SCHEMES: Readonly<Record<string, number>> = {
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
};

const METADATA_HOSTS =
  /^(?:metadata(?:\.google(?:\.internal)?|\.goog|\.azure(?:\.com|\.internal)?|\.tencentyun\.com|\.platformequinix\.com|\.packet\.net)?|instance-data(?:\.ec2\.internal)?|kubernetes(?:\.default(?:\.svc)?(?:\.cluster\.local)?)?|rancher-metadata)$/;

const INSIDE_NAMES =
  /^localhost$|\.(?:localhost|local|internal|intranet|lan|corp|home|private|localdomain|cluster\.local|svc)$|\.home\.arpa$/;

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

export function internalFactors(destination: Destination): readonly Factor[] {
  const { scheme, host, writtenHost, user, ambiguous } = destination;
  const factors: Factor[] = [];
  const add = (name: string, weight: number | undefined): void => {
    if (weight !== undefined && weight > 0) factors.push({ kind: "ssrf", name, weight });
  };
  add(`scheme-${scheme}`, SCHEMES[scheme]);
  if (factors.length > 0 && writtenHost === "") return factors;

  const address = withoutBrackets(host);
  const kind = classifyAddress(address);
  add(`address-${kind}`, ADDRESSES[kind]);
  if (kind !== "not_an_address" && host !== writtenHost) add("obfuscated-address", 0.9);
  if (kind === "not_an_address") {
    if (METADATA_HOSTS.test(host)) add("metadata-host", 0.96);
    else if (INSIDE_NAMES.test(host)) add("inside-name", 0.85);
    else if (host === "" && /^[\d.xa-f]{4,}$/.test(writtenHost)) add("obfuscated-address", 0.85);
    else add("address-in-name", embedded(host));
  }
  if (/[.:]/.test(user) && /[a-z]\.[a-z]{2}/i.test(user)) add("host-in-user", 0.9);
  if (ambiguous) add("ambiguous-authority", 0.85);
  return factors;
}

/** `127.0.0.1.nip.io`, `10-0-0-5.sslip.io`, and names that stand for this machine. */
function embedded(host: string): number | undefined {
  if (listedName(ADDRESS_NAMES, host) === undefined) return undefined;
  const dotted = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})\.[a-z]/.exec(host);
  if (dotted === null) return 0.8;
  return Math.max(0.65, ADDRESSES[classifyAddress(dotted.slice(1, 5).join("."))]);
}
