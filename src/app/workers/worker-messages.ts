import type { DemoUrls } from "../demo/demo-upstreams.ts";
import type { GatewayReport } from "../observe/gateway-report.ts";

/** Where a worker stands among those that share the listeners. */
export interface CrewPlace {
  /** Where their sockets are; nobody else may enter it. */
  readonly directory: string;
  /** From 0; whoever replaces a worker takes its place. */
  readonly slot: number;
  readonly count: number;
  /** Where all of them listen; 0: the first one chooses. */
  readonly port: number;
}

/** What a primary tells its workers. Structured clone carries it. */
export type ToWorker =
  | { readonly kind: "begin"; readonly demo: DemoUrls | undefined; readonly crew: CrewPlace }
  | { readonly kind: "report"; readonly request: number }
  | { readonly kind: "follow"; readonly request: number };

/** What a worker tells its primary. */
export type FromWorker = { readonly kind: "serving"; readonly url: string } | WorkerAnswer;

/** To what it was asked under the same number. */
export type WorkerAnswer =
  | { readonly kind: "report"; readonly request: number; readonly report: GatewayReport }
  | { readonly kind: "followed"; readonly request: number };
