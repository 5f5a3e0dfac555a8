/** The native API with all it stands on; loaded with the first request to it. */
import type { RequestListener } from "node:http";
import { join } from "node:path";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { IdentityPorts } from "../core/identity/identity-ports.ts";
import { instant } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";
import { createLoginLimiter } from "../core/identity/login-limits.ts";
import { createNativeApi } from "../manage/native/native-api.ts";
import type { ListedAgent } from "../manage/native/services.ts";
import type { Vitals } from "../manage/vitals.ts";
import { authenticate } from "../operations/identity/authenticate.ts";
import { DEFAULT_TENANT } from "../operations/identity/bootstrap.ts";
import { SqliteUsageStore } from "../stores/sqlite/usage-store.ts";
import { openBudgetSource } from "./budget-source.ts";
import { SqliteReviewStore } from "../stores/sqlite/review-store.ts";
import { openInspectionSource } from "./inspection-source.ts";
import { createTokenIssuer } from "../stores/tokens/token-issuer.ts";
import { vaultKey } from "../stores/vault/vault-file.ts";
import { vaultKeySource } from "../stores/vault/vault-key.ts";
import type { Config } from "./config/config.ts";
import { openDirectoryStore } from "./open-directory-store.ts";
import { openPolicyDesk } from "./policy-desk.ts";
import { openCounters } from "./open-counters.ts";
import { usagePath } from "./usage-listener.ts";
import { NOBODY_TOLD } from "./store-events.ts";
import { VERSION } from "./version.ts";

export interface NativePlaneParts {
  readonly config: Config;
  readonly vitals: Vitals;
  readonly ledger: Ledger;
}

export interface NativePlane extends AsyncDisposable {
  readonly serve: RequestListener;
}

/** Throws the system's error where the directory cannot be opened. */
export async function openNativePlane(parts: NativePlaneParts): Promise<NativePlane> {
  const { config, vitals, ledger } = parts;
  await using started = new AsyncDisposableStack();
  const store = started.use(await openDirectoryStore(config));
  const ports: IdentityPorts = { store, ledger, now: () => instant(wallMillis()) };
  const counters = started.use(
    await openCounters({
      config,
      shared: false,
      now: ports.now,
      events: NOBODY_TOLD,
    }),
  );
  const usage = started.use(
    new SqliteUsageStore(usagePath(config), (cause) => vitals.failed(cause)),
  );
  const reviews = started.use(
    new SqliteReviewStore(join(config.dataDirectory, "reviews.db"), ports.now),
  );
  const tokens = { verify: async () => undefined };
  const api = await createNativeApi({
    version: VERSION,
    vitals,
    identity: {
      ports,
      authenticate: (credential) => authenticate(credential, ports, tokens),
      logins: createLoginLimiter(),
      listedAgents: listedAgents(config),
      tokens: createTokenIssuer({
        store,
        key: () =>
          vaultKey(config.dataDirectory, vaultKeySource(config.vault, config.dataDirectory)),
        tenant: DEFAULT_TENANT,
        now: ports.now,
      }),
    },
    budgets: {
      store: counters.budgets,
      budgets: openBudgetSource(config.policiesDirectory),
      ledger,
      now: ports.now,
    },
    usage,
    policies: openPolicyDesk(config.policiesDirectory),
    reviews: { reviews, ledger, now: ports.now },
    inspections: openInspectionSource(config.policiesDirectory),
    open: config.api.open,
    bootstrapToken: config.api.bootstrapToken,
  });
  started.defer(() => api.close());
  const owned = started.move();
  return {
    serve: (request, response) => api.routing(request, response),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function listedAgents({ agents }: Config): ReadonlyMap<string, ListedAgent> {
  return new Map(
    agents.map(({ name, team, user, tags }) => [
      name,
      { name, team, tenant: DEFAULT_TENANT, user, tags },
    ]),
  );
}
