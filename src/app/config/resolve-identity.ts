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
    tokenIssuers: identity.token_issuers.map((entry, index) => {
      const file = (key: "jwks" | "ca_file" | "token_file", value: string): string =>
        path(`identity.token_issuers[${index}].${key}`, value);
      const { ca_file: ca, token_file: token, subject_prefix, jwks, ...issuer } = entry;
      return {
        ...issuer,
        subjectPrefix: subject_prefix,
        jwks: /^https?:/u.test(jwks) ? jwks : file("jwks", jwks),
        caFile: ca === undefined ? undefined : file("ca_file", ca),
        tokenFile: token === undefined ? undefined : file("token_file", token),
      };
    }),
  };
}
