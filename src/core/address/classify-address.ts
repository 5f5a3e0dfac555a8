/**
 * Where an address leads. The tables are IANA's special-purpose registries, read as "refuse what
 * is not plainly the public internet", and the addresses at which clouds serve credentials.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
import { parseRange, within, type AddressRange } from "./address-range.ts";
import { ipv4Number, NO_ADDRESS, parseAddress } from "./parse-address.ts";

export type AddressKind =
  | "public"
  | "loopback"
  | "private"
  /** Carrier-grade NAT, 100.64.0.0/10. */
  | "shared"
  | "link_local"
  /** A cloud's instance metadata or credential service. */
  | "metadata"
  /** 0.0.0.0/8 and `::`, which most systems connect to themselves. */
  | "unspecified"
  | "multicast"
  /** Documentation, benchmarks, protocol assignments, transition mechanisms, never assigned. */
  | "reserved"
  | "not_an_address";

interface Range extends AddressRange {
  readonly kind: AddressKind;
}

/** First match wins: the exceptions stand before the ranges they are in. */
const IPV4: readonly Range[] = [
  range("169.254.169.254/32", "metadata"), // AWS, Azure, GCP, DigitalOcean, Oracle, …
  range("169.254.170.2/32", "metadata"), // AWS ECS task credentials
  range("169.254.170.23/32", "metadata"), // AWS EKS pod identity
  range("169.254.0.23/32", "metadata"), // Tencent Cloud
  range("169.254.42.42/32", "metadata"), // Scaleway
  range("100.100.100.200/32", "metadata"), // Alibaba Cloud
  range("192.0.0.192/32", "metadata"), // Oracle Cloud Classic
  range("168.63.129.16/32", "metadata"), // Azure WireServer, inside public space
  range("0.0.0.0/8", "unspecified"),
  range("127.0.0.0/8", "loopback"),
  range("10.0.0.0/8", "private"),
  range("172.16.0.0/12", "private"),
  range("192.168.0.0/16", "private"),
  range("100.64.0.0/10", "shared"),
  range("169.254.0.0/16", "link_local"),
  range("224.0.0.0/4", "multicast"),
  range("240.0.0.0/4", "reserved"),
  range("192.0.0.0/24", "reserved"),
  range("192.0.2.0/24", "reserved"),
  range("192.88.99.0/24", "reserved"),
  range("198.18.0.0/15", "reserved"),
  range("198.51.100.0/24", "reserved"),
  range("203.0.113.0/24", "reserved"),
];

const IPV6: readonly Range[] = [
  range("fd00:ec2::254/128", "metadata"), // AWS
  range("fd00:ec2::23/128", "metadata"), // AWS EKS pod identity
  range("fd20:ce::254/128", "metadata"), // GCP
  range("fd00:c1::a9fe:a9fe/128", "metadata"), // Oracle Cloud
  range("fe80::a9fe:a9fe/128", "metadata"), // OpenStack
  range("::/128", "unspecified"),
  range("::1/128", "loopback"),
  range("fc00::/7", "private"),
  range("fec0::/10", "private"),
  range("64:ff9b:1::/48", "private"),
  range("fe80::/10", "link_local"),
  range("ff00::/8", "multicast"),
  range("2001::/23", "reserved"),
  range("2001:db8::/32", "reserved"),
  range("3fff::/20", "reserved"),
  range("2000::/3", "public"),
];

/** Ways to write an IPv4 address inside an IPv6 one: at `at`, under `prefix`. */
interface Embedding {
  readonly prefix: Range;
  readonly at: number;
  /** What a public IPv4 address means here: only mapped and NAT64 forms lead to it in practice. */
  readonly ofPublic: "public" | "reserved";
  /** Teredo writes the client's address inverted. */
  readonly inverted: boolean;
}

const EMBEDDINGS: readonly Embedding[] = [
  embedding("::ffff:0:0/96", 12, "public"),
  embedding("64:ff9b::/96", 12, "public"),
  embedding("::ffff:0:0:0/96", 12, "reserved"),
  embedding("::/96", 12, "reserved"),
  embedding("2002::/16", 2, "reserved"),
  { ...embedding("2001::/32", 12, "reserved"), inverted: true },
];

/** By the first byte of an IPv6 address: whether all such are public, as most that are met. */
const isPlain = new Uint8Array(0x100);
for (const one of IPV6.filter(({ kind }) => kind === "public")) mark(one, 1);
for (const one of IPV6.filter(({ kind }) => kind !== "public")) mark(one, 0);
for (const { prefix } of EMBEDDINGS) mark(prefix, 0);

function mark({ bytes: [first = 0], bits }: AddressRange, plain: number): void {
  isPlain.fill(plain, first, first + (1 << Math.max(0, 8 - bits)));
}

const ISATAP_AT = 8;

export function classifyAddress(text: string): AddressKind {
  if (!text.includes(":")) {
    const address = ipv4Number(text, 0, text.length);
    return address === NO_ADDRESS ? "not_an_address" : classifyIpv4(address);
  }
  const bytes = parseAddress(text);
  return bytes === undefined ? "not_an_address" : classifyIpv6(bytes);
}

/** The ranges of `IPV4` as numbers: most texts with addresses have many. */
const IPV4_SPANS = IPV4.map(({ bytes, bits, kind }) => {
  const mask = -1 << (32 - bits);
  return { first: numberOf(bytes) & mask, mask, kind };
});

function classifyIpv4(address: number): AddressKind {
  for (const { first, mask, kind } of IPV4_SPANS) if ((address & mask) === first) return kind;
  return "public";
}

function numberOf(bytes: Uint8Array): number {
  let number = 0;
  for (const byte of bytes) number = number * 0x100 + byte;
  return number;
}

function classifyIpv6(bytes: Uint8Array): AddressKind {
  if (isPlain[bytes[0] ?? 0] === 1) return isIsatap(bytes) ? "reserved" : "public";
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) {
    const last = bytes[15];
    if (last === 0) return "unspecified";
    if (last === 1) return "loopback";
  }
  for (const { prefix, at, ofPublic, inverted } of EMBEDDINGS) {
    if (!within(bytes, prefix)) continue;
    const inner = bytes.slice(at, at + 4);
    const kind = classifyIpv4(numberOf(inverted ? inner.map((byte) => byte ^ 0xff) : inner));
    return kind === "public" ? ofPublic : kind;
  }
  const kind = IPV6.find((one) => within(bytes, one))?.kind ?? "reserved";
  return kind === "public" && isIsatap(bytes) ? "reserved" : kind;
}

/** `…:0:5efe:a.b.c.d`: a tunnel to an IPv4 address that nobody uses honestly (RFC 5214). */
function isIsatap(bytes: Uint8Array): boolean {
  const high = bytes[ISATAP_AT];
  return (
    (high === 0x00 || high === 0x02) &&
    bytes[ISATAP_AT + 1] === 0x00 &&
    bytes[ISATAP_AT + 2] === 0x5e &&
    bytes[ISATAP_AT + 3] === 0xfe
  );
}

function range(cidr: string, kind: AddressKind): Range {
  const parsed = parseRange(cidr);
  if (parsed === undefined) throw new RangeError(`not an address range: ${cidr}`);
  return { ...parsed, kind };
}

function embedding(cidr: string, at: number, ofPublic: Embedding["ofPublic"]): Embedding {
  return { prefix: range(cidr, "reserved"), at, ofPublic, inverted: false };
}
