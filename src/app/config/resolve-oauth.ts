import { OVER_HTTP, type CredentialRef, type Upstream } from "../../core/upstream.ts";
import type { OAuthGrant } from "../../core/secret/oauth-grant.ts";
import { id } from "../../core/units.ts";
import { isThisMachine } from "../../lib/is-this-machine.ts";
import { nameOfSecret } from "./name-of-secret.ts";
import type { Complain } from "./resolve-upstream.ts";
import type { UpstreamEntry } from "./upstream-schema.ts";

/** How secrets for a token endpoint are bound: they stand in its form, so in no header. */
const CLIENT_SECRET = "client-secret";
const REFRESH_TOKEN = "refresh-token";

/** The grant of an upstream that is otherwise resolved. */
export function resolveOAuth(
  upstream: Upstream,
  { credential, allow_cleartext: cleartext }: UpstreamEntry,
  inFile: (path: string) => string,
  complain: Complain,
): OAuthGrant | undefined {
  const oauth = credential?.oauth;
  if (credential === undefined || oauth === undefined) return undefined;
  const url = URL.parse(oauth.token_url);
  if (url === null || !["https:", "http:"].includes(url.protocol) || url.username !== "") {
    return complain("credential.oauth.token_url", "not an http or https URL");
  }
  if (url.protocol === "http:" && !cleartext && !isThisMachine(url.hostname)) {
    complain("credential.oauth.token_url", "a secret would travel unencrypted", "https://");
  }
  if (credential.paths.length > 0 || credential.methods.length > 0) {
    complain("credential", "paths and methods do not narrow tokens", "write a policy rule");
  }
  if (oauth.grant === "refresh_token" && oauth.refresh_ref === undefined) {
    complain("credential.oauth.grant", "there is no refresh token", "add refresh_ref");
  }
  const { origin, host } = url;
  const place = { wire: "http", transport: OVER_HTTP, origin, host, pathPrefix: "" } as const;
  const { refresh_ref: refresh, ca_file: ca } = oauth;
  const neighbour = origin === upstream.origin ? upstream.caFile : undefined;
  const caFile = ca === undefined ? neighbour : inFile(ca);
  const server: Upstream = { ...upstream, ...place, caFile, credential: undefined };
  return {
    kind: oauth.grant,
    issuer: { ...server, credential: secret(credential.ref, CLIENT_SECRET) },
    tokenPath: url.pathname + url.search,
    clientId: oauth.client_id,
    clientAuth: oauth.client_auth,
    refresher:
      refresh === undefined ? undefined : { ...server, credential: secret(refresh, REFRESH_TOKEN) },
    scope: oauth.scope,
    resource: oauth.resource,
    audience: oauth.audience,
  };
}

function secret(ref: string, header: string): CredentialRef {
  return { ref, name: id(nameOfSecret(ref)), header, format: "{}", paths: [], methods: [] };
}
