import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Outcome } from "../../../src/core/evidence.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { authorizedSpend } from "../../../src/core/money/authorized-spend.ts";
import { id } from "../../../src/core/units.ts";

const COMPLETED: Outcome = { kind: "completed", status: 200, bytes: 10 };
const call = (args: JsonObject, tool = "authorize_spend"): Action => ({
  kind: "tool",
  upstream: id("sallyport"),
  tool,
  args,
});

describe("the spend that a call was authorized for", () => {
  it.each([
    [{ amount: 40.5, currency: "USD" }, 40_500_000_000],
    [{ amount: 0.01, currency: "USD" }, 10_000_000],
    [{ amount: 40.5, currency: "EUR" }, 0],
    [{ amount: "40.5", currency: "USD" }, 0],
    [{ amount: 1e21, currency: "USD" }, 0],
    [{ currency: "USD" }, 0],
  ])("of %j is %d nano-USD", (args, spent) => {
    expect(authorizedSpend({ action: call(args), outcome: COMPLETED })).toBe(spent);
  });

  it("is nothing where it was refused, and of every other tool", () => {
    const args = { amount: 5, currency: "USD" };
    const refused: Outcome = { kind: "refused", code: "policy_denied", detail: "" };
    expect(authorizedSpend({ action: call(args), outcome: refused })).toBe(0);
    expect(authorizedSpend({ action: call(args, "pay"), outcome: COMPLETED })).toBe(0);
    expect(authorizedSpend({ action: undefined, outcome: COMPLETED })).toBe(0);
  });
});
