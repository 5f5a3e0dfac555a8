import { createLoginLimiter } from "../../core/identity/login-limits.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Identity, ListedAgent } from "../../manage/native/services.ts";
import { authenticate } from "../../operations/identity/authenticate.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { instant } from "../../core/units.ts";
import { createSessionTokens } from "../../stores/tokens/session-tokens.ts";
import { createTokenIssuer } from "../../stores/tokens/token-issuer.ts";
import { vaultKey } from "../../stores/vault/vault-file.ts";
import { openVaultKey } from "../../stores/vault/vault-key.ts";
import { vaultKeyOf } from "../ports/vault-key-source.ts";
import { openDirectoryStore } from "../ports/open-directory-store.ts";
import { openSessionStore } from "../ports/open-session-store.ts";
import { openLogin } from "../ports/open-login.ts";
import type { Config } from "../config/config.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Logins, sessions and replays that are over can be looked at for a week. */
const KEPT_MS = 7 * 86_400_000;
const FORGET_EVERY_MS = 600_000;

/** Throws the system's error where the directory cannot be opened. */
export async function openIdentityServices(
  { config, vitals, ledger, redis, now, heard }: ServiceParts,
  started: AsyncDisposableStack,
): Promise<Identity> {
  const store = started.use(await openDirectoryStore(config, redis));
  const sessions = await openSessionStore(config, redis, started);
  const forgetting = setInterval(() => {
    store.prune(instant(now() - KEPT_MS)).catch((error: unknown) => vitals.failed(error));
  }, FORGET_EVERY_MS).unref();
  started.defer(() => clearInterval(forgetting));
  const ports: IdentityPorts = { store, ledger, now, heard };
  const tokens = createSessionTokens(store, now);
  return {
    ports,
    authenticate: (credential) => authenticate(credential, ports, tokens),
    logins: createLoginLimiter(),
    quotas: store.quotas,
    sessions,
    oidc: openLogin(config.login),
    publicUrl: config.login.publicUrl,
    listedAgents: listedAgents(config),
    tokens: createTokenIssuer({
      store,
      async key() {
        const source = vaultKeyOf(config);
        await openVaultKey(source);
        return vaultKey(config.dataDirectory, source);
      },
      tenant: DEFAULT_TENANT,
      now,
    }),
  };
}

function listedAgents({ agents }: Config): ReadonlyMap<string, ListedAgent> {
  return new Map(
    agents.map(({ name, team, user, tags, clearance, subjects }) => [
      name,
      { name, team, tenant: DEFAULT_TENANT, user, tags, clearance, subjects },
    ]),
  );
}
