import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createEvents } from "../../../src/app/observe/events.ts";
import { createTally } from "../../../src/app/observe/tally.ts";
import type { Facts, Outcome } from "../../../src/core/evidence.ts";
import type { Action } from "../../../src/core/action.ts";
import { TotalTimeout } from "../../../src/proxy/upstream-failure.ts";
import { closedFacts, UPSTREAM } from "./closed-facts.ts";

/** Events with a log that is kept. */
function listening(level = "debug") {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level, base: null },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  const heard: Facts[] = [];
  return { lines, heard, events: createEvents(log, createTally(), [(facts) => heard.push(facts)]) };
}

const DEBUG = 20;
const INFO = 30;
const WARN = 40;
const ERROR = 50;

describe("events", () => {
  it.each<[string, Outcome, number]>([
    ["an ordinary exchange", { kind: "completed", status: 200, bytes: 1 }, DEBUG],
    ["a denial", { kind: "refused", code: "policy_denied", detail: "d" }, INFO],
    [
      "what could not be checked",
      { kind: "refused", code: "ledger_unavailable", detail: "d" },
      WARN,
    ],
    ["a cut", { kind: "cut", code: "response_blocked", bytes: 1 }, WARN],
    ["a client that left", { kind: "abandoned", by: "client", bytes: 1 }, DEBUG],
    ["a bug", { kind: "failed" }, ERROR],
  ])("log %s at the level of who must act on it", (_what, outcome, level) => {
    const { lines, events } = listening();
    events.closed(closedFacts({ outcome }));
    expect(lines).toMatchObject([{ level, exchange: "exc_1", upstream: "up", msg: "exchange" }]);
  });

  it("do not warn of a server's news that ended in silence, which nobody can act on", () => {
    const { lines, events } = listening();
    const outcome: Outcome = { kind: "abandoned", by: "upstream", bytes: 1 };
    const ofMethod = (method: string): Action => ({
      kind: "mcp",
      upstream: UPSTREAM.name,
      method,
      name: undefined,
    });
    const cause = new TotalTimeout();
    for (const method of ["session/stream", "subscriptions/listen", "prompts/list"]) {
      events.closed(closedFacts({ outcome, cause, action: ofMethod(method) }));
    }
    expect(lines.map(({ level }) => level)).toEqual([DEBUG, DEBUG, WARN]);
    expect(lines[2]).toMatchObject({ cause: expect.stringContaining("total_ms") });
  });

  it("log an allowed exchange with findings, because somebody should look", () => {
    const { lines, events } = listening("info");
    events.closed(closedFacts({ detector: "injection" }));
    expect(lines).toMatchObject([{ level: INFO, findings: ["s"] }]);
  });

  it("log the reason that the agent is not told, in the exchange's own line", () => {
    const { lines, events } = listening("info");
    const outcome: Outcome = { kind: "refused", code: "credential_unavailable", detail: "d" };
    const cause = Object.assign(new Error("the vault has no secret openai"), { code: "EVAULT" });
    events.closed(closedFacts({ outcome, cause }));
    expect(lines).toMatchObject([{ level: WARN, cause: "EVAULT the vault has no secret openai" }]);
  });

  it("never log a path or the words of a refusal: both may hold what the agent sent", () => {
    const { lines, events } = listening();
    const outcome: Outcome = { kind: "refused", code: "policy_denied", detail: "sk-live-123" };
    events.closed(closedFacts({ outcome }));
    expect(JSON.stringify(lines)).not.toMatch(/token-in-path|sk-live-123/);
  });

  it("tell every listener of each exchange once", () => {
    const { heard, events } = listening("silent");
    events.closed(closedFacts({}));
    expect(heard).toHaveLength(1);
  });

  it("count and log requests that never became an exchange, by why", () => {
    const { lines, events } = listening("info");
    events.turnedAway("malformed");
    events.turnedAway("malformed");
    events.turnedAway("no_such_upstream");
    expect([...events.requestsTurnedAway]).toEqual([
      ["malformed", 2],
      ["no_such_upstream", 1],
    ]);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ level: INFO, code: "malformed", msg: "turned away" });
  });

  it("count bugs and log their stack", () => {
    const { lines, events } = listening();
    events.bug(new Error("boom"), closedFacts({}));
    expect(events.bugs).toBe(1);
    expect(lines).toMatchObject([{ level: ERROR, msg: "bug" }]);
    expect(String(lines[0]?.["stack"])).toContain("boom");
  });
});
