import type { Config } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";

/** `path` makes a file's name absolute. */
export function resolveIdentity(
  identity: ConfigFile["identity"],
  path: (key: string, value: string) => string,
): Pick<Config, "loopbackAgent" | "accepts" | "publicUrl" | "tokenIssuers"> {
  return {
    loopbackAgent: identity.loopback_agent,
    accepts: identity.accept,
    publicUrl: identity.public_url,
    tokenIssuers: identity.token_issuers.map((issuer, index) => ({
      ...issuer,
      jwks: /^https?:/u.test(issuer.jwks)
        ? issuer.jwks
        : path(`identity.token_issuers[${index}].jwks`, issuer.jwks),
    })),
  };
}
