import type { Action } from "../../../src/core/action.ts";
import type { Facts, Outcome } from "../../../src/core/evidence.ts";
import { id, instant, millis, nanoUsd } from "../../../src/core/units.ts";
import { OVER_HTTP, type Upstream } from "../../../src/core/upstream.ts";

export const UPSTREAM: Upstream = {
  name: id("up"),
  wire: "openai",
  transport: OVER_HTTP,
  origin: "https://api.example",
  host: "api.example",
  pathPrefix: "",
  priceProvider: "openai",
  credential: undefined,
  allowPrivate: false,
  connectionsMax: 1,
  timeouts: { connect: millis(1), headers: millis(1), idle: millis(1), total: millis(1) },
  requestBytesMax: 1,
  responseBytesMax: 1,
  unscannable: "refuse",
};

interface Varied {
  readonly outcome?: Outcome;
  readonly cost?: number;
  readonly duration?: number;
  readonly detector?: string | undefined;
  readonly cause?: Error;
  readonly action?: Action;
}

/** An exchange that is over; only what a test varies is given. */
export function closedFacts({
  outcome,
  cost,
  duration = 1,
  detector,
  cause,
  action,
}: Varied): Facts {
  return {
    exchange: id("exc_1"),
    at: instant(0),
    upstream: UPSTREAM,
    method: "POST",
    path: "/v1/chat/completions/token-in-path",
    policy: undefined,
    principal: undefined,
    action,
    decision: undefined,
    review: undefined,
    reservation: undefined,
    adjustment: undefined,
    opened: undefined,
    sent: true,
    credential: undefined,
    usage:
      cost === undefined
        ? undefined
        : {
            usage: {
              input: 10,
              cacheRead: undefined,
              cacheWrite: 0,
              output: 5,
              reasoning: undefined,
              cacheWriteHour: 4,
              source: "provider",
            },
            model: "m",
            cost: nanoUsd(cost),
            price: "exact",
            catalogue: "c",
          },
    findings:
      detector === undefined
        ? []
        : [
            {
              detector,
              signature: "s",
              rule: "r",
              score: 90,
              confidence: 1,
              part: "p",
              start: 0,
              end: 1,
              action: "block",
            },
          ],
    requestScan: { kind: "none", reason: "not_asked" },
    responseScan: { kind: "none", reason: "not_asked" },
    upstreamStatus: 200,
    outcome: outcome ?? { kind: "completed", status: 200, bytes: 1 },
    cause,
    duration: millis(duration),
  };
}
