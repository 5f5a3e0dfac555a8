import type { DemoUrls } from "./demo/demo-upstreams.ts";
import type { GatewayReport } from "./gateway-report.ts";

/** What a primary tells its workers. Structured clone carries it. */
export type ToWorker =
  | { readonly kind: "begin"; readonly demo: DemoUrls | undefined }
  | { readonly kind: "report"; readonly request: number };

/** What a worker answers. */
export type FromWorker =
  | { readonly kind: "serving"; readonly url: string }
  | { readonly kind: "report"; readonly request: number; readonly report: GatewayReport };
