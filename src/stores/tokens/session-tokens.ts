import type { DirectoryStore } from "../../core/identity/directory-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { SessionTokens } from "../../core/identity/tokens.ts";
import type { Instant } from "../../core/units.ts";
import { createTokenReader } from "./token-reader.ts";
import { KEYS_MAX } from "./token-issuer.ts";

/** Execution tokens as the management doors meet them: checked with the directory's keys. */
export function createSessionTokens(
  store: Pick<DirectoryStore, "list">,
  now: () => Instant,
): SessionTokens {
  const reader = createTokenReader([], now, () => undefined);
  return {
    async sessionOf(token) {
      const query = { tenant: DEFAULT_TENANT, limit: KEYS_MAX };
      const keys = new Map(
        (await store.list("signing_key", query)).map(({ id, body }) => [id, body.publicJwk]),
      );
      const subject = await reader.read(token, { signingKey: (id) => keys.get(id) });
      return subject.kind === "session" ? subject.session : undefined;
    },
  };
}
