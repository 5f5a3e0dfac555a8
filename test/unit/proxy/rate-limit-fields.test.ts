import { expect, it } from "vitest";
import type { RateLimit } from "../../../src/core/decision.ts";
import { id, millis } from "../../../src/core/units.ts";
import { rateLimitFields } from "../../../src/proxy/refusals/rate-limit-fields.ts";

const standing = (limit: RateLimit, left: number, resetsIn = 0) => ({
  claim: { limit, key: "k", amount: 1 },
  left,
  resetsIn: millis(resetsIn),
});

it("says each limit as a quota policy, and how it stands", () => {
  const base = { rule: id<never>("models"), scope: "agent", per: millis(60_000) } as const;
  const fields = rateLimitFields([
    standing({ kind: "rate", counts: "requests", allowance: 60, ...base }, 12, 48_001),
    standing({ kind: "rate", counts: "tokens", allowance: 9, ...base, per: millis(1000) }, 0, 10),
    standing({ kind: "rate", counts: "nano_usd", allowance: 2_500_000_999, ...base }, 1999, 1),
    standing({ kind: "places", rule: base.rule, scope: "all", allowance: 4 }, 3),
  ]);
  expect(fields).toEqual({
    "ratelimit-policy":
      '"models.requests.60s";q=60;w=60;qu="requests", "models.tokens.1s";q=9;w=1;qu="tokens", ' +
      '"models.spend.60s";q=2500000;w=60;qu="micro-usd", ' +
      '"models.concurrent";q=4;qu="concurrent-requests"',
    ratelimit:
      '"models.requests.60s";r=12;t=49, "models.tokens.1s";r=0;t=1, ' +
      '"models.spend.60s";r=1;t=1, "models.concurrent";r=3',
  });
});

it("says nothing where no limit was asked", () => {
  expect(rateLimitFields([])).toBeUndefined();
});

it("never writes an integer that structured fields cannot hold", () => {
  const limit = {
    kind: "rate",
    rule: id<never>("r"),
    counts: "tokens",
    allowance: Number.MAX_SAFE_INTEGER,
    per: millis(1000),
    scope: "all",
  } as const;
  expect(rateLimitFields([standing(limit, 5)])?.["ratelimit-policy"]).toContain(
    "q=999999999999999;",
  );
});
