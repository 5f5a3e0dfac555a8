/**
 * Which status says what to whom. It depends on the wire, because agents retry blindly on
 * different ones: Codex six times on 402 and 403 but never on 400, Claude Code six times on 400
 * but never on 402. No denial is ever 401, 404, 408, 409, 422 or 425: 404 says only that no such
 * upstream is configured.
 */
import { REFUSALS, type Refusal, type RefusalClass } from "../../core/refusal.ts";
import type { Wire } from "../../core/upstream.ts";

/** The wires whose refusals are HTTP statuses. MCP answers in JSON-RPC and renders its own. */
export type StatusWire = Exclude<Wire, "mcp">;

const EVERYWHERE = {
  malformed: 400,
  unauthenticated: 401,
  rate: 429,
  unavailable: 503,
  upstream: 502,
  not_found: 404,
  too_large: 413,
  upgrade: 426,
  internal: 500,
} as const;

const STATUS = {
  openai: { ...EVERYWHERE, policy: 400, budget: 400 },
  anthropic: { ...EVERYWHERE, policy: 403, budget: 402 },
  gemini: { ...EVERYWHERE, policy: 403, budget: 403 },
  // The SDKs repeat 429 and every 5xx, and nothing else.
  bedrock: { ...EVERYWHERE, policy: 403, budget: 400 },
  http: { ...EVERYWHERE, policy: 403, budget: 402 },
} as const satisfies Record<StatusWire, Record<RefusalClass, number>>;

export type RefusalStatus = (typeof STATUS)[StatusWire][RefusalClass] | 407 | 504;

export function refusalStatus(
  wire: StatusWire,
  { code, status }: Pick<Refusal, "code" | "status">,
): RefusalStatus {
  if (code === "upstream_timeout") return 504;
  return status ?? STATUS[wire][REFUSALS[code].class];
}
