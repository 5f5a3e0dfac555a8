/** The management listener of a sidecar or of a primary with its workers. */
import { existsSync } from "node:fs";
import type { RequestListener } from "node:http";
import type { DestinationFeeds } from "../core/destination/feed.ts";
import type { Ledger } from "../core/ledger/ledger.ts";
import type { UsageStore } from "../core/money/usage-report.ts";
import { wallMillis } from "../lib/clock.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { Config } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import { DeadDeliveries } from "./observe/dead-deliveries.ts";
import type { GatewayReport } from "./observe/gateway-report.ts";
import { createVitals } from "./observe/gateway-vitals.ts";
import { openListener } from "./listeners/http-listener.ts";
import type { Log } from "./observe/logger.ts";
import { notificationsPath } from "./observe/notifications.ts";
import type { NativePlane } from "./native-plane.ts";
import { removeExportDrafts } from "./ports/export-drafts.ts";
import { keepRetention } from "./ports/keep-retention.ts";
import { openLedgerThread } from "./ports/open-ledger-thread.ts";

export interface OperatorParts {
  readonly config: Config;
  /** Where agents reach the data plane. */
  readonly dataUrl: string;
  read(): Promise<GatewayReport | undefined>;
  /** Where changes are recorded; asked for with the first use of the API. */
  ledger(): Promise<Ledger>;
  /** Where one process does everything, its sums: they need not be written to be seen. */
  readonly usage?: UsageStore;
  /** And its feeds. */
  readonly feeds?: () => DestinationFeeds;
  /** See `IdentityPorts.heard`. */
  readonly heard?: () => Promise<void>;
  readonly environment: Environment;
  readonly log: Log;
}

/** How soon the first notification leaves. */
const NOTIFICATIONS_LOOK_MS = 1_000;

export interface OperatorSide {
  readonly url: string;
  /** Reads the listener's certificate again. */
  reload(): void;
  close(): Promise<void>;
}

/** Loaded after the data plane listens: agents need not wait for the operator's side. */
export async function startOperatorSide(parts: OperatorParts): Promise<OperatorSide> {
  const { config, dataUrl, usage, feeds, heard, environment, log } = parts;
  removeExportDrafts(config.dataDirectory);
  const { startManagement } = await import("../manage/management.ts");
  const startedAt = new Date(wallMillis()).toISOString();
  const identity = { startedAt, dataUrl, upstreams: config.upstreams };
  const ledgerThread = openLedgerThread(config, log);
  const dead = new DeadDeliveries(notificationsPath(config));
  const read = () => wholeReport(parts, ledgerThread, dead);
  const vitals = createVitals(identity, read, log);
  let plane: Promise<NativePlane> | undefined;
  const open = (): Promise<NativePlane> => (plane ??= openPlane());
  const native = async (): Promise<RequestListener> => (await open()).serve;
  const dialects: readonly Dialect[] = Object.values(await import("./dialects.ts"));
  const mounted = dialects.map((dialect) => ({
    name: dialect.name,
    owns: (path: string) => dialect.owns(path),
    serve: async () => (await open()).dialect(dialect),
  }));
  async function openPlane(): Promise<NativePlane> {
    try {
      const { openNativePlane } = await import("./native-plane.ts");
      const ledger = await parts.ledger();
      const shared = { config, dataUrl, vitals, ledgerThread, usage, feeds, environment };
      return await openNativePlane({ ...shared, heard, ledger });
    } catch (error) {
      // The next request tries again.
      plane = undefined;
      throw error;
    }
  }
  // What is to be told goes out from the plane, also where nobody asks the API for anything.
  const path = notificationsPath(config);
  const look = setInterval(() => {
    if (plane === undefined && existsSync(path)) native().catch((error) => vitals.failed(error));
  }, NOTIFICATIONS_LOOK_MS).unref();
  const listener = await openListener(config.manage, (fault) => {
    log.error({ cause: fault.message }, "certificate cannot be used");
  });
  const ledger = (): Promise<Ledger> => parts.ledger();
  const endRetention = keepRetention({ config, ledger, index: ledgerThread, log });
  const { publicUrl } = config.login;
  const served = { listener, vitals, native, mounted, publicUrl };
  const management = await startManagement(config.manage, served);
  log.info({ url: management.url }, "management listening");
  return {
    url: management.url,
    reload: () => listener.reload(),
    async close() {
      clearInterval(look);
      listener[Symbol.dispose]();
      await management.close();
      await (await plane?.catch(() => undefined))?.[Symbol.asyncDispose]();
      endRetention();
      dead[Symbol.dispose]();
      await ledgerThread[Symbol.asyncDispose]();
    },
  };
}

/** With what only this process knows. */
async function wholeReport(
  parts: OperatorParts,
  ledgerThread: ReturnType<typeof openLedgerThread>,
  dead: DeadDeliveries,
): Promise<GatewayReport | undefined> {
  const report = await parts.read();
  const deadDeliveries = await dead.count();
  return report && { ...report, sinks: ledgerThread.sinks, deadDeliveries };
}
