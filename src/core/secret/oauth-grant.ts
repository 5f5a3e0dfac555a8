import type { Upstream } from "../upstream.ts";

/**
 * How Sallyport gets access tokens for an upstream. None of them is the agent's: it is either the
 * gate's own, or one that an authorization server gave in exchange for the agent's.
 */
export interface OAuthGrant {
  readonly kind: (typeof OAUTH_GRANTS)[number];
  /** The authorization server, with the client's secret as its credential. */
  readonly issuer: Upstream;
  /** Path and query of its token endpoint. */
  readonly tokenPath: string;
  readonly clientId: string;
  readonly clientAuth: (typeof CLIENT_AUTHS)[number];
  /** To whom a signed JWT says who asks. */
  readonly audienceOfClient: string;
  /** The same server, with the refresh token as its credential. */
  readonly refresher: Upstream | undefined;
  readonly scope: string | undefined;
  /** RFC 8707: whom the token is for. */
  readonly resource: string | undefined;
  readonly audience: string | undefined;
}

/** RFC 6749 §4.4 and §6, RFC 8693, RFC 7523 §2.1. */
export const OAUTH_GRANTS = [
  "client_credentials",
  "refresh_token",
  "token_exchange",
  "jwt_bearer",
] as const;

/** RFC 6749 §2.3.1: the secret in a header, or in the form; RFC 7523 §2.2: a JWT signed with a key. */
export const CLIENT_AUTHS = ["basic", "post", "private_key_jwt"] as const;
