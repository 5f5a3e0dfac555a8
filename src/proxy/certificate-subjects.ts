/** Whose a client certificate is that the listener has verified. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** A connection is one client's: its names are read once. */
const known = new WeakMap<TLSSocket, readonly string[]>();

/**
 * Its URI names (SPIFFE), then its DNS names; the common name only where it has neither (RFC 6125
 * §6.4.4). Undefined: none was shown, or the listener asks for none.
 */
export function subjectsOf(socket: Socket): readonly string[] | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const before = known.get(socket);
  if (before !== undefined) return before;
  const { subjectaltname, subject } = socket.getPeerCertificate();
  const names = subjectaltname === undefined ? commonNames(subject.CN) : namesIn(subjectaltname);
  known.set(socket, names);
  return names;
}

/**
 * `URI:…, DNS:…`, as Node writes it: a value in which commas or quotes stand is quoted and its
 * commas escaped (CVE-2021-44532), so no name can pretend to be two. Quoted ones are nobody's.
 */
function namesIn(text: string): readonly string[] {
  const names = text.split(", ").filter((name) => !name.includes('"'));
  const of = (prefix: string): readonly string[] =>
    names.flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return [...of("URI:"), ...of("DNS:")];
}

function commonNames(name: string | readonly string[] | undefined): readonly string[] {
  return typeof name === "string" ? [name] : [];
}
