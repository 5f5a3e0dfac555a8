/** One request to a token endpoint, and what its answer says. */
import type { OAuthGrant } from "../../core/secret/oauth-grant.ts";
import { isJsonObject } from "../../core/json.ts";
import type { JwtSigner } from "../../core/secret/vault.ts";
import { wallMillis } from "../../lib/clock.ts";
import { randomToken } from "../../lib/ids.ts";
import { secretValueProblem } from "../../core/secret/secret-value.ts";

export interface TokenSecrets {
  readonly client: string;
  readonly refresh: string | undefined;
  /** What the agent showed for whom it acts. */
  readonly subject: string | undefined;
  /** Signs for the client, where it has a key. */
  readonly attest: JwtSigner | undefined;
}

export interface TokenRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function tokenRequest(grant: OAuthGrant, secrets: TokenSecrets): TokenRequest {
  const { kind, clientId, clientAuth, scope, resource, audience } = grant;
  const form = new URLSearchParams({ grant_type: GRANT_TYPES[kind] });
  if (kind === "refresh_token") form.set("refresh_token", secrets.refresh ?? "");
  if (kind === "token_exchange") {
    form.set("subject_token", secrets.subject ?? "");
    form.set("subject_token_type", ACCESS_TOKEN_TYPE);
    form.set("requested_token_type", ACCESS_TOKEN_TYPE);
  }
  if (scope !== undefined) form.set("scope", scope);
  if (resource !== undefined) form.set("resource", resource);
  if (audience !== undefined) form.set("audience", audience);
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  if (kind !== "jwt_bearer" && clientAuth === "basic") {
    headers["authorization"] = basic(clientId, secrets.client);
    return { headers, body: form.toString() };
  }
  form.set("client_id", clientId);
  if (kind === "jwt_bearer") form.set("assertion", secrets.client);
  else if (secrets.attest === undefined) form.set("client_secret", secrets.client);
  else {
    form.set("client_assertion_type", CLIENT_ASSERTION_TYPE);
    form.set("client_assertion", clientAssertion(grant, secrets.attest));
  }
  return { headers, body: form.toString() };
}

const CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Seconds: long enough for a slow way there and clocks that differ a little. */
const ASSERTION_LIFETIME_S = 120;
const ASSERTION_ID_BYTES = 16;

/** RFC 7523 §3: good for one use, at one server. */
function clientAssertion({ clientId, audienceOfClient }: OAuthGrant, attest: JwtSigner): string {
  const now = Math.floor(wallMillis() / 1000);
  return attest({
    iss: clientId,
    sub: clientId,
    aud: audienceOfClient,
    jti: randomToken(ASSERTION_ID_BYTES),
    iat: now,
    exp: now + ASSERTION_LIFETIME_S,
  });
}

const GRANT_TYPES = {
  client_credentials: "client_credentials",
  refresh_token: "refresh_token",
  token_exchange: "urn:ietf:params:oauth:grant-type:token-exchange",
  jwt_bearer: "urn:ietf:params:oauth:grant-type:jwt-bearer",
} as const satisfies Record<OAuthGrant["kind"], string>;

const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

/** Both halves are form-encoded first (RFC 6749 §2.3.1), which most people forget. */
function basic(id: string, secret: string): string {
  const pair = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

export type TokenAnswer =
  | {
      readonly kind: "token";
      readonly token: string;
      /** Seconds. */
      readonly lifetime: number;
      /** Servers may replace it with each use. */
      readonly refresh: string | undefined;
    }
  /** A word of the server's, such as `invalid_client`; never a text of its choice. */
  | { readonly kind: "refused"; readonly word: string };

/** A server that does not say how long a token lives is asked again soon. */
const LIFETIME_UNSAID_S = 300;

export function readTokenAnswer(status: number, text: string): TokenAnswer {
  const answer = parsed(text);
  if (answer === undefined) return refused(`status ${status}`);
  const { access_token: token, token_type: type, expires_in: lasts, error } = answer;
  if (status !== 200) return refused(typeof error === "string" ? error : `status ${status}`);
  if (typeof token !== "string" || secretValueProblem(token) !== undefined) {
    return refused("no usable token");
  }
  if (typeof type !== "string" || type.toLowerCase() !== "bearer")
    return refused("no bearer token");
  const lifetime = typeof lasts === "number" && lasts > 0 ? lasts : LIFETIME_UNSAID_S;
  const { refresh_token: refresh } = answer;
  return {
    kind: "token",
    token,
    lifetime,
    refresh: typeof refresh === "string" && refresh !== "" ? refresh : undefined,
  };
}

function refused(word: string): TokenAnswer {
  return { kind: "refused", word: word.replaceAll(/[^a-z0-9_ ]/gi, "").slice(0, WORD_CHARS_MAX) };
}

const WORD_CHARS_MAX = 40;

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
