/** The native API on a real directory and ledger, asked without a socket. */
import type { SessionName, SessionStore } from "../../src/core/session/session.ts";
import { createSecretKey, randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BudgetStore } from "../../src/core/money/budget.ts";
import type { UsageStore } from "../../src/core/money/usage-report.ts";
import { openBudgetStore } from "../../src/stores/sqlite/budget-store.ts";
import { SqliteUsageStore } from "../../src/stores/sqlite/usage-store.ts";
import { budget } from "../unit/money/money-fixtures.ts";
import type { IdentityPorts } from "../../src/core/identity/identity-ports.ts";
import { createLoginLimiter } from "../../src/core/identity/login-limits.ts";
import { rollingWindow } from "../../src/core/money/window.ts";
import { id, instant, millis, type TenantId } from "../../src/core/units.ts";
import { newId } from "../../src/lib/ids.ts";
import type { ReviewStore } from "../../src/core/review/review-store.ts";
import { SqliteReviewStore } from "../../src/stores/sqlite/review-store.ts";
import { SqliteSecretUses } from "../../src/stores/sqlite/secret-use-store.ts";
import { createFileSecretStore } from "../../src/stores/vault/file-secret-store.ts";
import { OpenIdProviders } from "../../src/stores/oidc/openid-providers.ts";
import type { OidcClient } from "../../src/core/identity/oidc.ts";
import { createSessionTokens } from "../../src/stores/tokens/session-tokens.ts";
import { createTokenIssuer } from "../../src/stores/tokens/token-issuer.ts";
import { openCouriers } from "../../src/app/observe/notification-couriers.ts";
import type { SubscriptionPorts } from "../../src/operations/notify/subscription-ports.ts";
import { SqliteDeliveryStore } from "../../src/stores/sqlite/delivery-store.ts";
import { createApprovalLinks } from "../../src/stores/tokens/approval-links.ts";
import { isFromSlack } from "../../src/stores/notify/slack-signature.ts";
import { openPolicyDesk } from "../../src/app/policies/policy-desk.ts";
import { readNamedPolicies } from "../../src/app/policies/policy-files.ts";
import { readUpstreamEntry } from "../../src/app/config/read-upstream-entry.ts";
import { OWN_UPSTREAM } from "../../src/app/own-upstream.ts";
import { SqliteDefinitionStore } from "../../src/stores/sqlite/definition-store.ts";
import type { Api } from "../../src/manage/native/api.ts";
import { createNativeApi } from "../../src/manage/native/native-api.ts";
import { authenticate } from "../../src/operations/identity/authenticate.ts";
import { createFirstKey } from "../../src/operations/identity/bootstrap.ts";
import { openSqliteDirectory } from "../../src/stores/directory/open-directory-store.ts";
import { ledgerDirectory } from "../../src/stores/ledger/ledger-layout.ts";
import { openLedger, type OpenLedger } from "../../src/stores/ledger/open-ledger.ts";
import { openRetention } from "../../src/app/ports/open-retention.ts";
import { personalFile, SqlitePersonalStore } from "../../src/stores/sqlite/personal-store.ts";
import { KEY_USED } from "../../src/core/ledger/retention.ts";
import { documentKey } from "../../src/stores/ledger/document-key.ts";
import { exportSignature } from "../../src/stores/ledger/export-records.ts";
import { openSigningKey } from "../../src/stores/ledger/signing-key.ts";
import { indexPlace } from "../../src/stores/ledger-index/index-place.ts";
import { LedgerThread } from "../../src/stores/ledger-thread/ledger-thread.ts";
import { readLast } from "../../src/stores/ledger/read-ledger.ts";
import { type ReadEntry } from "../../src/stores/ledger/read-line.ts";

export interface NativeFixture extends AsyncDisposable {
  /** Where all its files are. */
  readonly directory: string;
  readonly api: Api;
  readonly ports: IdentityPorts;
  readonly budgets: BudgetStore;
  readonly usage: UsageStore;
  readonly reviews: ReviewStore;
  /** The first administrator's. */
  readonly ledger: OpenLedger;
  readonly adminKey: string;
  readonly clock: { now: number };
  readonly subscriptions: SubscriptionPorts;
  /** Errors that became a 500. */
  readonly failures: unknown[];
  ask(method: Method, url: string, options?: AskOptions): Promise<Asked>;
  /** But for the first use of the signing key. */
  changes(): Promise<readonly ReadEntry[]>;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface AskOptions {
  /** The administrator's where it is left out; undefined is none. */
  readonly key?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The socket's other end; this machine where it is left out. */
  readonly from?: string;
}

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into documents of any shape
  readonly json: any;
}

/** A budget of each kind that looks different. */
export const BUDGETS = [
  budget("llm-day", "nano_usd", { limit: 10_000_000_000 }),
  budget("team-tokens", "tokens", {
    per: ["team", "model"],
    window: rollingWindow(millis(3_600_000)),
  }),
  budget("calls", "calls", { per: [], window: { kind: "lifetime" } }),
];

/** In place of the pack, so that there is a surface that nobody looks at. */
const INSPECTIONS = `version: 1
agents: ["*"]
inspect:
  - { id: asked-mail, on: [request], find: [pii.email], at: medium, do: redact }
  - { id: read-injection, on: [tool_result], find: [injection], at: high, do: block }
`;

export const PUBLIC_URL = "http://127.0.0.1:4101";
const NO_PROVIDERS: OidcClient = new OpenIdProviders([]);

/** One that a test may call through; nobody else's `X-Forwarded-For` counts. */
export const PROXY = "192.0.2.7";
const TRUSTED_PROXIES = [PROXY, "198.51.100.0/24"];

/** Of the Slack app whose user U1 is ann. */
export const SLACK_SECRET = "a-slack-signing-secret";

export async function openNativeFixture(oidc = NO_PROVIDERS): Promise<NativeFixture> {
  await using started = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "sallyport-native-"));
  started.defer(() => rmSync(directory, { recursive: true, force: true }));
  const policies = join(directory, "policies");
  mkdirSync(policies);
  copyFileSync(PACK, join(policies, "support-bot.yaml"));
  writeFileSync(join(policies, "inspection.yaml"), INSPECTIONS);
  const clock = { now: Date.parse("2026-11-21T06:00:00Z") };
  const now = () => instant(clock.now);
  const store = started.use(openSqliteDirectory(join(directory, "directory.db")));
  const ledgerPlace = ledgerDirectory(directory);
  const personal = started.use(
    new SqlitePersonalStore(personalFile(directory), (cause) => void failures.push(cause)),
  );
  const keyPath = join(directory, "signing-key.pem");
  const signingKey = openSigningKey(keyPath);
  const heads = {
    key: signingKey,
    keyPath,
    every: millis(60_000),
    publish: () => undefined,
    settle: async () => undefined,
  };
  const ledger = started.use(
    await openLedger({ directory: ledgerPlace, now, report: () => undefined, heads, personal }),
  );
  const ports: IdentityPorts = { store, ledger, now };
  const budgets = started.use(openBudgetStore(join(directory, "budgets.db"), now));
  const usage = started.use(
    new SqliteUsageStore(join(directory, "usage.db"), (cause) => void failures.push(cause)),
  );
  const reviews = started.use(new SqliteReviewStore(join(directory, "reviews.db"), now));
  const failures: unknown[] = [];
  const pins = started.use(
    new SqliteDefinitionStore({
      path: join(directory, "definitions.db"),
      now,
      trustOf: () => "first_use",
      lock: () => new Map(),
      onChange: () => undefined,
      onFault: (cause) => void failures.push(cause),
    }),
  );
  const uses = started.use(
    new SqliteSecretUses(join(directory, "uses.db"), (cause) => void failures.push(cause)),
  );
  const index = indexPlace(directory, undefined);
  const thread = started.use(
    new LedgerThread(
      { index, dataDirectory: directory, sinks: [] },
      (cause) => void failures.push(cause),
    ),
  );
  const secrets = createFileSecretStore({ directory, key: VAULT_KEY });
  const couriers = started.use(openCouriers(NOTIFICATIONS, secrets));
  const deliveries = started.use(new SqliteDeliveryStore(join(directory, "notifications.db")));
  const subscriptions = { ...ports, secrets, queue: () => deliveries, couriers };
  const tokens = createSessionTokens(store, now);
  const api = await createNativeApi({
    version: "0.0.0",
    vitals: {
      checks: async () => [],
      status: async () => STATUS,
      metrics: async () => ({ contentType: "text/plain", text: "" }),
      failed: (error) => void failures.push(error),
    },
    identity: {
      ports,
      authenticate: (credential) => authenticate(credential, ports, tokens),
      logins: createLoginLimiter(),
      quotas: store.quotas,
      sessions: sessionMarks(),
      oidc,
      publicUrl: PUBLIC_URL,
      tokens: createTokenIssuer({ store, key: () => SEALING_KEY, tenant: id("default"), now }),
      listedAgents: new Map([["config-bot", CONFIG_BOT]]),
    },
    budgets: { store: budgets, budgets: async () => BUDGETS, ledger, now },
    usage,
    policies: {
      ...openPolicyDesk({ directory: policies, store }),
      ports: { ...ports, files: () => readNamedPolicies(policies) },
    },
    reviews: {
      reviews,
      ledger,
      now,
      directory: store,
      links: createApprovalLinks({ store, key: () => SEALING_KEY, tenant: id("default"), now }),
      slack: {
        isFromSlack: (request) => isFromSlack(SLACK_SECRET, request, now()),
        personOf: (user) => (user === "U1" ? "ann" : undefined),
      },
      placed: async (action) => ({ action, definition: undefined }),
    },
    secrets: { ...ports, secrets, uses },
    subscriptions,
    upstreams: {
      ...ports,
      configured: new Map([[OWN_UPSTREAM.name, OWN_UPSTREAM]]),
      read: (entry, tenant) => readUpstreamEntry(entry, tenant, { allowPrivate: false }),
      definitions: () => pins.list(),
    },
    records: {
      index: thread,
      evidence: thread,
      recording: { ledger, now },
      watch: (told) => thread.watch(told),
      signing: {
        publicKey: signingKey.spki,
        sign: (file) => exportSignature(file, signingKey),
        documents: documentKey(signingKey),
      },
      draftPath: () => join(directory, newId("export", clock.now)),
      streamFor: STREAM_MS,
      retention: started.use(
        openRetention({
          config: { dataDirectory: directory, ledger: LEDGER },
          ledger,
          index: thread,
          store,
          now,
        }),
      ).ports,
    },
    open: false,
    trustedProxies: TRUSTED_PROXIES,
    bootstrap: { token: undefined, local: true },
  });
  started.defer(() => api.close());
  const first = await createFirstKey({ name: "admin", family: "spt" }, ports);
  if (first.kind === "fault") throw new Error(first.fault.detail);
  const adminKey = first.value.key;
  const owned = started.move();
  return {
    directory,
    subscriptions,
    api,
    ports,
    budgets,
    usage,
    reviews,
    ledger,
    adminKey,
    clock,
    failures,
    ask: (method, url, options = {}) => ask(api, method, url, { key: adminKey, ...options }),
    changes: async () =>
      (await readLast(ledgerPlace, 1_000)).filter(
        ({ entry }) => entry.kind === "change" && entry.change !== KEY_USED,
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function ask(
  api: Api,
  method: Method,
  url: string,
  { key, body, headers = {}, from }: AskOptions,
): Promise<Asked> {
  const reply = await api.inject({
    method,
    url,
    headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
    ...(body !== undefined && { payload: body as object }),
    ...(from !== undefined && { remoteAddress: from }),
  });
  const isJson = /[/+]json\b/.test(String(reply.headers["content-type"]));
  return {
    status: reply.statusCode,
    headers: reply.headers,
    text: reply.body,
    json: isJson ? reply.json() : undefined,
  };
}

/** Receivers of tests are on this machine. */
const NOTIFICATIONS = {
  allowPrivate: true,
  smtp: undefined,
} as const;

const VAULT_KEY = { kind: "environment", text: randomBytes(32).toString("base64") } as const;
/** Short, so that whoever asks for every route gets an end. */
const STREAM_MS = 300;

const LEDGER = { signingKeyFile: "", headsEvery: millis(60_000), headsTo: [], sinks: [] };

const SEALING_KEY = createSecretKey(randomBytes(32));

const PACK = fileURLToPath(new URL("../../policies/packs/support-bot.yaml", import.meta.url));

const CONFIG_BOT = {
  name: "config-bot",
  tenant: id<TenantId>("default"),
  team: "house",
  user: undefined,
  tags: {},
  clearance: 2,
  subjects: [],
} as const;

const STATUS = {
  version: "0.0.0",
  started_at: "2026-11-21T06:00:00.000Z",
  ready: true,
  listen: "http://127.0.0.1:4100",
  policy: { digest: "0", rules: 0, problems: [] },
  ledger: { healthy: true },
  upstreams: [],
};

/** One session of the agent that the configuration has is marked, until somebody takes it off. */
function sessionMarks(): Pick<SessionStore, "marks" | "clear"> {
  let marks: readonly string[] = ["untrusted"];
  const isMarked = ({ session }: SessionName): boolean => session === "marked";
  return {
    marks: (session) => (isMarked(session) ? marks : []),
    clear(session) {
      const before = isMarked(session) ? marks : [];
      if (isMarked(session)) marks = [];
      return before;
    },
  };
}
