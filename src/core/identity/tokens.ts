import type { AgentSession } from "./agent-session.ts";

export interface PublicKeys {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

/** Writes execution tokens, and publishes what they are checked with. */
export interface TokenIssuer {
  /** The session in the form of a JWT: `jti` is its id, `exp` its end. */
  issue(session: AgentSession): Promise<string>;
  /** RFC 7517. */
  publicKeys(): Promise<PublicKeys>;
}

/** Whose session a token of ours is; its signature and its end are right. */
export interface SessionTokens {
  sessionOf(token: string): Promise<string | undefined>;
}

/** `iss` and `aud` of tokens of ours. */
export const TOKEN_ISSUER = "sallyport";

/** Another issuer whose tokens name agents by their subject: a Kubernetes cluster, an IdP. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Put before the subjects of its tokens, so that two issuers' are told apart. */
  readonly subjectPrefix: string;
  /** An https URL of a JWKS, or the absolute path of a file with one. */
  readonly jwks: string;
  /** Absolute; for the URL: whom its certificate must be of, and what is shown to it. */
  readonly caFile: string | undefined;
  readonly tokenFile: string | undefined;
  /** Whether MCP clients are told to get tokens there (RFC 9728), and for which scopes. */
  readonly announced: boolean;
  readonly scopes: readonly string[];
}
