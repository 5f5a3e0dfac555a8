import { OVER_HTTP, type CredentialRef, type Upstream } from "../../core/upstream.ts";
import type { OAuthGrant } from "../../core/secret/oauth-grant.ts";
import { CLIENT_KEY } from "../../core/secret/secret-value.ts";
import { id } from "../../core/units.ts";
import { isThisMachine } from "../../lib/is-this-machine.ts";
import { nameOfSecret } from "./name-of-secret.ts";
import type { Complain } from "./resolve-upstream.ts";
import type { UpstreamEntry } from "./upstream-schema.ts";

/** How secrets for a token endpoint are bound: they stand in its form, so in no header. */
const CLIENT_SECRET = "client-secret";
const REFRESH_TOKEN = "refresh-token";
const ASSERTION = "assertion";

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
  if (oauth.grant === "jwt_bearer" && oauth.client_auth === "private_key_jwt") {
    const help = "leave client_auth out: the JWT says who asks";
    complain("credential.oauth.client_auth", "a workload has a JWT or a key, not both", help);
  }
  const { origin, host } = url;
  const place = { wire: "http", transport: OVER_HTTP, origin, host, pathPrefix: "" } as const;
  const { refresh_ref: refresh, ca_file: ca } = oauth;
  const neighbour = origin === upstream.origin ? upstream.caFile : undefined;
  const caFile = ca === undefined ? neighbour : inFile(ca);
  const server: Upstream = { ...upstream, ...place, caFile, credential: undefined };
  return {
    kind: oauth.grant,
    issuer: { ...server, credential: clientSecret(credential.ref, oauth) },
    tokenPath: url.pathname + url.search,
    clientId: oauth.client_id,
    clientAuth: oauth.client_auth,
    audienceOfClient: oauth.issuer ?? oauth.token_url,
    refresher:
      refresh === undefined ? undefined : { ...server, credential: secret(refresh, REFRESH_TOKEN) },
    scope: oauth.scope,
    resource: oauth.resource,
    audience: oauth.audience,
  };
}

type OAuthEntry = NonNullable<NonNullable<UpstreamEntry["credential"]>["oauth"]>;

function clientSecret(
  ref: string,
  { grant, client_auth: auth }: Pick<OAuthEntry, "grant" | "client_auth">,
): CredentialRef {
  if (grant === "jwt_bearer") return secret(ref, ASSERTION);
  if (auth !== "private_key_jwt") return secret(ref, CLIENT_SECRET);
  return { ...secret(ref, CLIENT_KEY), attests: true };
}

function secret(ref: string, header: string): CredentialRef {
  return { ref, name: id(nameOfSecret(ref)), header, format: "{}", paths: [], methods: [] };
}
