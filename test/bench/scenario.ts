import type { LoadJob } from "./load-client.ts";

export interface Scenario {
  readonly name: string;
  readonly quick: boolean;
  readonly bodyBytes: number;
  readonly connections: number;
  readonly stream: LoadJob["stream"];
  /** Open loop at this share of what Sallyport managed in `of`. */
  readonly halfLoadOf?: string;
}

const plain = (name: string, bodyBytes: number, connections: number, quick: boolean): Scenario => ({
  name,
  quick,
  bodyBytes,
  connections,
  stream: undefined,
});

export const SCENARIOS: readonly Scenario[] = [
  plain("1k-c1", 1024, 1, true),
  plain("1k-c16", 1024, 16, true),
  plain("1k-c64", 1024, 64, false),
  plain("8k-c1", 8192, 1, false),
  plain("8k-c16", 8192, 16, false),
  plain("8k-c64", 8192, 64, false),
  plain("100k-c1", 102_400, 1, false),
  plain("100k-c16", 102_400, 16, true),
  plain("100k-c64", 102_400, 64, false),
  { ...plain("1k-half-load", 1024, 32, true), halfLoadOf: "1k-c16" },
  { ...plain("sse-c1", 1024, 1, true), stream: { chunks: 20, everyMs: 1 } },
  { ...plain("sse-c1-long", 1024, 1, false), stream: { chunks: 400, everyMs: 1 } },
  { ...plain("sse-c16", 1024, 16, true), stream: { chunks: 400, everyMs: 0 } },
];
