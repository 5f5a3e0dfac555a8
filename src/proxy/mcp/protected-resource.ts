/**
 * Sallyport as an OAuth protected resource: a client that shows no token hears where to get one.
 * Only issuers that the operator announces are named; without any, nothing is said, and clients
 * find a plain 404 where they look.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/authorization
 */
import { Buffer } from "node:buffer";
import { isToken } from "../../core/identity/token-form.ts";
import type { TrustedIssuer } from "../../core/identity/tokens.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { parseStrictJson } from "../../lib/strict-json.ts";
import type { RequestHead, WireReply } from "../wire.ts";

/** First segment and start of the rest of a metadata address. */
export const WELL_KNOWN = ".well-known";
export const METADATA_PATH = "/oauth-protected-resource";

export class ProtectedResource {
  readonly #issuers: readonly TrustedIssuer[];
  readonly #publicUrl: string | undefined;
  /** Of the listener. */
  readonly #scheme: "http" | "https";
  readonly isAnnounced: boolean;

  /** `publicUrl`: scheme and host as clients know them, where that is not what `Host` says. */
  constructor(
    issuers: readonly TrustedIssuer[],
    publicUrl: string | undefined,
    scheme: "http" | "https" = "http",
  ) {
    this.#issuers = issuers.filter(({ announced }) => announced);
    this.#publicUrl = publicUrl;
    this.#scheme = scheme;
    this.isAnnounced = this.#issuers.length > 0;
  }

  /**
   * The token that a client got where it was told to. One of another issuer is none of ours: it may
   * be meant for exchange.
   */
  tokenIn(authorization: string | undefined): string | undefined {
    if (authorization === undefined || !this.isAnnounced) return undefined;
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === undefined || !isToken(token)) return undefined;
    const issuer = issuerOf(token);
    return this.#issuers.some((one) => one.issuer === issuer) ? token : undefined;
  }

  /** `path`: of the endpoint, as in `/mcp/crm`. */
  metadata(host: string, path: string): JsonObject {
    const endpoint = this.#base(host) + path;
    const scopes = [...new Set(this.#issuers.flatMap((issuer) => issuer.scopes))];
    return {
      resource: this.#issuers.map(({ audience }) => audience).find(covering(endpoint)) ?? endpoint,
      authorization_servers: this.#issuers.map(({ issuer }) => issuer),
      bearer_methods_supported: ["header"],
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      resource_name: "Sallyport",
    };
  }

  /** The same refusal, with where to log in if that would help. */
  challenging(reply: WireReply, { headers }: RequestHead, path: string): WireReply {
    const { host, authorization } = headers;
    if (reply.status !== 401 || !this.isAnnounced || typeof host !== "string") return reply;
    const where = `${this.#base(host)}/${WELL_KNOWN}${METADATA_PATH}${path}`;
    // RFC 6750 §3.1: a token was shown, and it is no good.
    const why = authorization === undefined ? "" : `error="invalid_token", `;
    const challenge = `Bearer realm="sallyport", ${why}resource_metadata="${where}"`;
    return { ...reply, headers: { ...reply.headers, "www-authenticate": challenge } };
  }

  #base(host: string): string {
    return this.#publicUrl ?? `${this.#scheme}://${host}`;
  }
}

/** As the token says, unproven. */
function issuerOf(token: string): JsonValue | undefined {
  const claims = Buffer.from(token.split(".")[1] ?? "", "base64url");
  const parsed = parseStrictJson(claims);
  return parsed.kind === "ok" && isJsonObject(parsed.value) ? parsed.value["iss"] : undefined;
}

/** Tokens for what is above an endpoint are good for the endpoint: clients ask for what is named. */
function covering(endpoint: string): (audience: string) => boolean {
  return (audience) =>
    endpoint === audience ||
    endpoint.startsWith(audience.endsWith("/") ? audience : `${audience}/`);
}
