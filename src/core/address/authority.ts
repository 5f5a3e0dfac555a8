/** `host:port` as a client wrote it, in the one form that is judged, recorded and connected to. */

export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;

export interface Authority {
  /** Lower case, as the WHATWG URL Standard writes it; an IPv6 address in brackets. */
  readonly hostname: string;
  readonly port: number;
}

export type AuthorityReading =
  | { readonly kind: "ok"; readonly authority: Authority }
  | { readonly kind: "problem"; readonly message: string };

const problem = (message: string): AuthorityReading => ({ kind: "problem", message });

const WRITTEN = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?$/;
const PORT_MAX = 65_535;

/** `usual`: the port where none is written; undefined: one must be. */
export function readAuthority(text: string, usual: number | undefined): AuthorityReading {
  if (text.includes("@")) return problem("A host comes without a user or a password.");
  const [, name, written] = WRITTEN.exec(text) ?? [];
  if (name === undefined) return problem("That is not a host and a port.");
  const port = written === undefined ? usual : Number(written);
  if (port === undefined || port === 0 || port > PORT_MAX) {
    return problem("The port must be named, from 1 to 65535.");
  }
  // Policy would have to know the same host by two names.
  if (name.endsWith(".")) return problem("The host must be written without its last dot.");
  // Numbers in every notation become the address that a resolver would make of them.
  const url = URL.parse(`http://${name}/`);
  if (url === null) return problem("That is not a host.");
  return { kind: "ok", authority: { hostname: url.hostname, port } };
}

/** The usual port is left out, as in a Host header. */
export function hostOf({ hostname, port }: Authority, usual: number): string {
  return port === usual ? hostname : `${hostname}:${port}`;
}
