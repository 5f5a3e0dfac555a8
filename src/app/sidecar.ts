/** Everything one process runs: demo upstreams if wanted, the gateway, the management listener. */
import type { Config } from "./config/config.ts";
import { withDemoUpstreams } from "./demo/demo-upstreams.ts";
import { startGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
import type { GatewayReport } from "./observe/gateway-report.ts";
import { startOperatorSide } from "./operator-side.ts";

export interface Sidecar {
  readonly url: string;
  /** Undefined where nobody asked for it. */
  readonly manageUrl: string | undefined;
  readonly config: Config;
  readonly gateway: Gateway;
  reload(): void;
  stop(): Promise<void>;
}

export type SidecarOptions = Omit<GatewayOptions, "crew"> & { readonly manage: boolean };

/** Throws what `startGateway` throws, or the system's error for the management port. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  await using started = new AsyncDisposableStack();
  let { config } = options;
  if (config.demo) {
    const demo = started.use(await (await import("./demo/start-demo.ts")).startDemo());
    config = withDemoUpstreams(config, demo.urls);
  }
  const gateway = await startGateway({ ...options, config, crew: undefined });
  started.defer(() => gateway.stop());
  const read = async (): Promise<GatewayReport> => gateway.report();
  const management = options.manage
    ? await startOperatorSide({
        config,
        dataUrl: gateway.url,
        read,
        ledger: async () => gateway.ledger,
        usage: gateway.usage,
        feeds: () => gateway.feeds(),
        heard: () => gateway.follow(),
        environment: options.environment,
        log: options.log,
      })
    : undefined;
  const owned = started.move();
  return {
    url: gateway.url,
    manageUrl: management?.url,
    config,
    gateway,
    reload() {
      management?.reload();
      gateway.reload();
    },
    async stop() {
      // Health stays answerable while the gateway drains: that is how the world learns of it.
      await owned.disposeAsync();
      await management?.close();
    },
  };
}
