/** The adapters behind the ports of an exchange: opened together, closed together. */
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { PriceCatalogue } from "../../core/money/price.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { Principal } from "../../core/principal.ts";
import type { Judge } from "../../core/inspect/opinions.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { openLookout } from "../lookout/open-lookout.ts";
import type { Ports } from "../../pipeline/stages.ts";
import type { OpenLedger } from "../../stores/ledger/open-ledger.ts";
import { createAliasBooks } from "../../stores/memory/alias-books.ts";
import { createConductStore } from "../../stores/memory/conduct-store.ts";
import { createOpenEndStore } from "../../stores/memory/open-end-store.ts";
import { ReviewWatch } from "../../stores/review-watch.ts";
import { CompiledSchemas } from "../../stores/schemas/compiled-schemas.ts";
import { ThreadTokenCounter } from "../../stores/tokenizer/token-counter.ts";
import { LocalVault } from "../../stores/vault/local-vault.ts";
import { createRemoteFetch } from "../../stores/vault/remote-fetch.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Events } from "../observe/events.ts";
import type { GateNotifier } from "../observe/notifications.ts";
import { openCounters, type Counters } from "./open-counters.ts";
import { vaultKeyOf } from "./vault-key-source.ts";
import { openDefinitions } from "./open-definitions.ts";
import { openLedgerChain } from "./open-ledger-chain.ts";
import type { OpenLiveDirectory } from "./open-live-directory.ts";
import { openReviewStore } from "./open-review-store.ts";
import { openSessionStore } from "./open-session-store.ts";
import { ReviewClerk } from "./review-clerk.ts";
import { openSharedVault } from "./open-shared-vault.ts";
import type { SharedRedis } from "./open-shared-redis.ts";
import { now } from "../now.ts";

export interface PortsOptions {
  readonly config: Config;
  readonly environment: Environment;
  readonly events: Events;
  readonly live: OpenLiveDirectory;
  readonly policies: { current(): PolicySnapshot };
  readonly prices: PriceCatalogue;
  readonly judge: Judge | undefined;
  /** Whether other processes serve from the same data directory. */
  readonly shared: boolean;
  readonly notifier: GateNotifier;
  /** What replicas share; undefined where everything is on this machine. */
  readonly redis: SharedRedis | undefined;
}

export interface OpenPorts extends AsyncDisposable {
  readonly ports: Ports;
  /** What else the process asks of its adapters: reports, reloads, stops. */
  readonly ledger: OpenLedger;
  readonly vault: LocalVault;
  readonly counters: Counters;
  readonly gate: { draining: boolean };
}

/** Throws the system's error where the data directory cannot be used. */
export async function openPorts(options: PortsOptions): Promise<OpenPorts> {
  const { config, events, live, policies, prices, shared, notifier, redis } = options;
  await using started = new AsyncDisposableStack();
  const gate = {
    draining: false,
    get informed() {
      return live.informed;
    },
    stopped: (who: Principal) => live.stopped(who),
  };
  const counters = started.use(await openCounters({ config, shared, now, events, redis }));
  const sessions = await openSessionStore(config, redis, started);
  const reviews = await openReviewStore(config, redis, now, started);
  const awaiting = started.use(new ReviewWatch(reviews, now));
  const vault = started.use(await openVault(options, started));
  const ledger = started.use(await openLedgerChain(config, events));
  const looks = started.use(await openLookout(config, events, ledger));
  const { store: definitions } = started.use(openDefinitions(config, events, ledger, now));
  started.use(new ReviewClerk({ reviews, ledger, now }, notifier));
  const ports: Ports = {
    directory: live.directory,
    policies,
    sessions,
    conduct: createConductStore(),
    aliases: createAliasBooks(),
    openEnds: createOpenEndStore(),
    judge: options.judge,
    definitions,
    schemas: new CompiledSchemas(),
    prices,
    tokens: started.use(new ThreadTokenCounter()),
    budgets: counters.budgets,
    rates: counters.rates,
    reviews,
    awaiting,
    ledger,
    vault,
    gate,
    looks,
    observer: events,
    now,
    monotonic: monotonicMillis,
  };
  const owned = started.move();
  return {
    ports,
    ledger,
    vault,
    counters,
    gate,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openVault(
  { config, environment, events }: PortsOptions,
  started: AsyncDisposableStack,
): Promise<LocalVault> {
  const shared = await openSharedVault(config, (fault) => events.vaultFault(fault), started);
  await shared?.pull();
  const vault = new LocalVault({
    directory: config.dataDirectory,
    tenant: DEFAULT_TENANT,
    key: vaultKeyOf(config),
    environment,
    fetch: createRemoteFetch(config.vault, environment),
    onFault: (fault) => events.vaultFault(fault),
  });
  if (config.vault.kms !== undefined) await vault.unlock();
  shared?.watch(() => void vault.follow());
  return vault;
}
