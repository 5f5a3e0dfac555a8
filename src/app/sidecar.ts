/** Everything one process runs: demo upstreams if wanted, the gateway, the management listener. */
import { wallMillis } from "../lib/clock.ts";
import type { Config } from "./config/config.ts";
import { withDemoUpstreams } from "./demo/demo-upstreams.ts";
import { startGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
import type { GatewayReport } from "./gateway-report.ts";
import { createVitals } from "./gateway-vitals.ts";
import type { Log } from "./logger.ts";
import { trimHeap } from "./trim-heap.ts";

export interface Sidecar {
  readonly url: string;
  /** Undefined where nobody asked for it. */
  readonly manageUrl: string | undefined;
  readonly config: Config;
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

export type SidecarOptions = Omit<GatewayOptions, "shared"> & { readonly manage: boolean };

/** Throws what `startGateway` throws, or the system's error for the management port. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  await using started = new AsyncDisposableStack();
  let { config } = options;
  if (config.demo) {
    const demo = started.use(await (await import("./demo/start-demo.ts")).startDemo());
    config = withDemoUpstreams(config, demo.urls);
  }
  const gateway = await startGateway({ ...options, config, shared: false });
  started.defer(() => gateway.stop());
  const read = async (): Promise<GatewayReport> => gateway.report();
  const management = options.manage
    ? await startManagementFor(config, gateway.url, read, options.log)
    : undefined;
  const owned = started.move();
  return {
    url: gateway.url,
    manageUrl: management?.url,
    config,
    gateway,
    async stop() {
      // Health stays answerable while the gateway drains: that is how the world learns of it.
      await owned.disposeAsync();
      await management?.close();
    },
  };
}

/** Loaded after the data plane listens: agents need not wait for the operator's side. */
export async function startManagementFor(
  config: Config,
  dataUrl: string,
  read: () => Promise<GatewayReport | undefined>,
  log: Log,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { startManagement } = await import("../manage/management.ts");
  trimHeap();
  const startedAt = new Date(wallMillis()).toISOString();
  const vitals = createVitals({ startedAt, dataUrl, upstreams: config.upstreams }, read, log);
  return startManagement(config.manage, vitals);
}
