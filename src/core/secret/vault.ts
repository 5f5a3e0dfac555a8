import type { Borrower } from "./secret-terms.ts";
import type { Upstream } from "../upstream.ts";
import type { Verdict } from "../verdict.ts";

/** A credential ready to be written into one request; held decrypted in memory only. */
export interface Credential {
  /** Lower case. */
  readonly header: string;
  /** What is written; empty where the request is signed instead. */
  readonly value: string;
  /** Signs the request in place of showing the secret. */
  readonly sign: RequestSigner | undefined;
  /** Where the secret is a client's key, which is not sent either. */
  readonly attest?: JwtSigner | undefined;
  /** Name and version, for the ledger: never the value. */
  readonly label: string;
  /** The secret and its base64, base64url, URL and JSON forms, to be taken out of what comes back. */
  readonly echoes: readonly string[];
}

/** A request as it will be sent: what a signature covers. */
export interface SignableRequest {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query. */
  readonly target: string;
  /** Flat `name, value, …`; names in lower case. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | undefined;
}

/** Answers with the headers to add, flat. */
export type RequestSigner = (request: SignableRequest) => Promise<readonly string[]>;

/** A JWT with these claims (RFC 7515 §7.1). */
export type JwtSigner = (claims: Readonly<Record<string, string | number>>) => string;

export interface Vault {
  /**
   * Synchronous: secrets are decrypted at load and on change, not per request. Halts with
   * `credential_forbidden` where the binding (origin, path, method) does not fit, and with
   * `credential_unavailable` where the secret cannot be read. `undefined`: the upstream has none.
   * `path` is that of the target which will be sent, below the upstream's prefix and without the
   * query: where a door corrects what the client asked for, the corrected one. `borrower` is for
   * whom: a secret whose terms ask for more than a request is lent to nobody who is not named.
   */
  credentialFor(
    upstream: Upstream,
    method: string,
    path: string,
    borrower?: Borrower,
  ): Verdict<Credential | undefined>;
}
