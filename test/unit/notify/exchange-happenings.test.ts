import { describe, expect, it } from "vitest";
import type { Facts } from "../../../src/core/evidence.ts";
import type { Finding } from "../../../src/core/inspect/finding.ts";
import { exchangeHappenings } from "../../../src/core/notify/exchange-happenings.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id } from "../../../src/core/units.ts";
import { closedFacts } from "../app/closed-facts.ts";

const PRINCIPAL: Principal = {
  agent: id("bot"),
  tenant: id("acme"),
  session: id("s"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};

const finding = (detector: string, action: Finding["action"]): Finding => ({
  detector,
  signature: "x",
  rule: "r",
  score: 90,
  confidence: 1,
  part: "body",
  start: 0,
  end: 1,
  action,
});

const told = (change: Partial<Facts>): readonly string[] =>
  exchangeHappenings({
    ...closedFacts({ outcome: { kind: "completed", status: 200, bytes: 1 } }),
    findings: [],
    principal: PRINCIPAL,
    ...change,
  }).map(({ event }) => event);

describe("what a closed exchange tells", () => {
  it.each<[string, Partial<Facts>, readonly string[]]>([
    ["nothing, where nothing was found", {}, []],
    ["nothing of nobody", { principal: undefined, findings: [finding("exploit", "block")] }, []],
    [
      "an attack that was blocked",
      { findings: [finding("injection", "block")] },
      ["malicious_detected"],
    ],
    ["not one that was only reported", { findings: [finding("injection", "report")] }, []],
    ["no personal data held back", { findings: [finding("pii.email", "block")] }, []],
    ["no secret held back", { findings: [finding("secret", "block")] }, []],
    [
      "unusual behaviour, blocked or not",
      { findings: [finding("behaviour.loop", "report")] },
      ["anomaly"],
    ],
    [
      "both of one exchange",
      { findings: [finding("behaviour.loop", "block"), finding("destination.ssrf", "block")] },
      ["anomaly", "malicious_detected"],
    ],
    [
      "a changed tool that was refused",
      { outcome: { kind: "refused", code: "definition_changed", detail: "" } },
      ["definition_changed"],
    ],
  ])("is %s", (_what, facts, events) => {
    expect(told(facts)).toEqual(events);
  });

  it("of a changed tool has one key, whatever exchange met it", () => {
    const keys = ["exc_1", "exc_2"].map((exchange) => {
      const facts = closedFacts({
        outcome: { kind: "refused", code: "definition_changed", detail: "" },
      });
      const [one] = exchangeHappenings({ ...facts, exchange: id(exchange), principal: PRINCIPAL });
      return one?.key;
    });
    expect(keys[0]).toBe(keys[1]);
  });
});
