/** Exchanges as the pipeline would hand them to the ledger. */
import type { Action } from "../../../src/core/action.ts";
import type { Facts } from "../../../src/core/evidence.ts";
import type { Finding } from "../../../src/core/inspect/finding.ts";
import { id, instant, millis, nanoUsd } from "../../../src/core/units.ts";
import { OVER_HTTP, type Upstream } from "../../../src/core/upstream.ts";
import { budget } from "../money/money-fixtures.ts";

export const POLICY = "5".repeat(64);

export const UPSTREAM: Upstream = {
  name: id("openai"),
  wire: "openai",
  transport: OVER_HTTP,
  origin: "https://api.openai.com",
  host: "api.openai.com",
  pathPrefix: "",
  priceProvider: "openai",
  credential: undefined,
  allowPrivate: false,
  connectionsMax: 8,
  timeouts: { connect: millis(1), headers: millis(1), idle: millis(1), total: millis(1) },
  requestBytesMax: 1,
  responseBytesMax: 1,
  unscannable: "refuse",
};

export const LLM: Action = {
  kind: "llm",
  upstream: UPSTREAM.name,
  operation: "chat",
  model: "gpt-4o-mini",
  stream: true,
  outputTokens: 4096,
  body: { messages: [] },
};

export const FINDING: Finding = {
  detector: "pii.email",
  signature: "email",
  rule: "mail",
  score: 80,
  confidence: 0.95,
  part: "/messages/0/content",
  start: 10,
  end: 27,
  action: "redact",
};

/** An exchange that got as far as its intent. */
export function intentFacts(exchange: string, changes: Partial<Facts> = {}): Facts {
  return {
    exchange: id(exchange),
    at: instant(1_790_000_000_000),
    upstream: UPSTREAM,
    method: "POST",
    path: "/v1/chat/completions",
    policy: id(POLICY),
    principal: {
      agent: id("support-bot"),
      tenant: id("default"),
      session: id("s-1"),
      team: "crm",
      user: undefined,
      run: undefined,
      tags: {},
      provenBy: "api_key",
    },
    action: LLM,
    decision: {
      kind: "allow",
      because: [id("models")],
      terms: { charges: [], rates: [], outputTokens: 4096, marks: ["untrusted"], shadow: [] },
    },
    review: undefined,
    reservation: {
      kind: "held",
      attempt: id("exc_0:1"),
      holds: [
        {
          budget: budget("llm-day", "nano_usd", { limit: 10_000_000_000 }),
          trailing: [],
          keepUntil: undefined,
          key: "llm-day|support-bot|2026-11-21",
          amount: 2_500_000,
          resetsAt: instant(1_790_035_200_000),
        },
      ],
    },
    adjustment: undefined,
    opened: undefined,
    sent: false,
    credential: undefined,
    usage: undefined,
    findings: [],
    requestScan: { kind: "scanned", bytes: 1024 },
    responseScan: { kind: "none", reason: "not_reached" },
    upstreamStatus: undefined,
    outcome: undefined,
    cause: undefined,
    duration: undefined,
    ...changes,
  };
}

/** The same exchange, answered. `opened` is the hash that its intent got. */
export function outcomeFacts(
  exchange: string,
  opened: Facts["opened"],
  changes: Partial<Facts> = {},
): Facts {
  return intentFacts(exchange, {
    opened,
    sent: true,
    credential: "openai@2",
    usage: {
      usage: {
        input: 812,
        cacheRead: undefined,
        cacheWrite: undefined,
        output: 120,
        reasoning: undefined,
        source: "provider",
      },
      model: "gpt-4o-mini-2024-07-18",
      cost: nanoUsd(193_800),
      price: "exact",
      catalogue: "genai-prices 0.1.8 1f3c",
    },
    findings: [FINDING],
    responseScan: { kind: "scanned", bytes: 1200 },
    upstreamStatus: 200,
    outcome: { kind: "completed", status: 200, bytes: 1200 },
    duration: millis(412),
    ...changes,
  });
}
