import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import { createReplay } from "../../../src/core/replay/replay-call.ts";
import { effectOf } from "../../../src/core/policy/effect-of.ts";
import { instant } from "../../../src/core/units.ts";
import { compiled, http, llm, principal, rulesOf, tool } from "../policy/policy-fixture.ts";
import { anyCall, anyPolicy } from "./any-policy.ts";
import { callOf, replayable, type Compiled, type MadeCall } from "./replay-fixture.ts";

const OLD = rulesOf(`
- { id: read, tools: [crm.read_*], effect: allow }
- { id: pay, tools: [pay.send], when: args.amount < 50, effect: allow }
- { id: big, tools: [pay.send], when: args.amount >= 50 && args.amount < 500, effect: approve }
- { id: late, tools: [pay.*], when: args.amount > 20, effect: deny, mode: shadow }
`);

function replayed(old: string, candidate: string, made: MadeCall) {
  const before = compiled(old);
  const replay = createReplay(replayable(compiled(candidate)), replayable(before));
  return replay(callOf(before, made));
}

describe("a recorded call under other policies", () => {
  it("is decided where its name is enough", () => {
    const candidate = rulesOf("- { id: no, tools: [crm.*], effect: deny }");
    const said = replayed(OLD, candidate, { action: tool("crm.read_user") });
    expect(said).toMatchObject({ effects: ["deny"], because: ["no"], open: [] });
  });

  it("is open where a new condition reads arguments that nobody kept", () => {
    const candidate = rulesOf("- { id: new, tools: [crm.*], when: args.id == 7, effect: allow }");
    const said = replayed(OLD, candidate, { action: tool("crm.read_user", { id: 7 }) });
    expect(said).toMatchObject({ open: ["new"], missed: ["arguments"] });
    expect(said.effects.toSorted()).toEqual(["allow", "deny"]);
  });

  it("is not open where what the condition reads cannot change the effect", () => {
    const candidate = rulesOf(`
- { id: all, tools: [crm.*], effect: allow }
- { id: some, tools: [crm.*], when: args.id == 7, effect: allow }
- { id: other, tools: [crm.*], when: tool.name == "write" && args.id == 7, effect: deny }
`);
    const said = replayed(OLD, candidate, { action: tool("crm.read_user", { id: 7 }) });
    expect(said).toMatchObject({ effects: ["allow"], open: [] });
  });

  it.each([
    [20, "allow", "pay"],
    [70, "approve", "big"],
    [900, "deny", "default"],
  ] as const)(
    "knows conditions that the decision on record answers: %j",
    (amount, effect, rule) => {
      const action = tool("pay.send", { amount });
      const candidate = `${OLD}- { id: more, tools: [crm.*], effect: deny }\n`;
      expect(replayed(OLD, candidate, { action })).toMatchObject({
        effects: [effect],
        because: [rule],
      });
    },
  );

  it("knows what a shadow rule would have done once it is obeyed", () => {
    const candidate = OLD.replace(", mode: shadow", "");
    const said = (amount: number) =>
      replayed(OLD, candidate, { action: tool("pay.send", { amount }) });
    expect(said(10)).toMatchObject({ effects: ["allow"] });
    expect(said(30)).toMatchObject({ effects: ["deny"], because: ["late"] });
  });

  it("keeps what needs no rule", () => {
    const action = { kind: "mcp", upstream: tool("crm.x").upstream, method: "tools/list" } as const;
    const said = replayed(OLD, OLD, { action: { ...action, name: undefined } });
    expect(said).toMatchObject({ effects: ["allow"], because: ["housekeeping"] });
  });
});

/** What really came, or would have come, with all that the record does not hold. */
function effectUnder({ snapshot }: Compiled, { action, facts, at = 0, principal: who }: MadeCall) {
  const known = { now: instant(at), marks: [], source: () => "", ...facts };
  return { allow: "allow", escalate: "approve", deny: "deny", conditional: "deny" }[
    snapshot.decide(who ?? principal(), action, known).kind
  ];
}

describe("replaying", () => {
  it("never excludes what the candidate would really have said", () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyCall, (before, candidate, call) => {
        const replay = createReplay(replayable(candidate), replayable(before));
        expect(replay(callOf(before, call)).effects).toContain(effectUnder(candidate, call));
      }),
      { numRuns: 400 },
    );
  });

  it("gives the recorded verdict under the policies that made it", () => {
    fc.assert(
      fc.property(anyPolicy, anyCall, (before, call) => {
        const recorded = callOf(before, call);
        const replay = createReplay(replayable(before), replayable(before));
        expect(replay(recorded).effects).toEqual([effectOf(recorded.decision)]);
      }),
      { numRuns: 300 },
    );
  });

  it.each<Action>([llm("gpt-5"), http("GET", "/repos/a")])("works for $kind calls", (action) => {
    const old = rulesOf(
      "- { id: m, llm: { models: [gpt-*] }, effect: allow }\n" +
        "- { id: h, http: { upstreams: [github], paths: [/repos/*] }, effect: allow }\n",
    );
    expect(replayed(old, old, { action }).effects).toEqual(["allow"]);
    expect(replayed(old, rulesOf("- { id: n, tools: [a.b], effect: allow }"), { action })).toEqual(
      expect.objectContaining({ effects: ["deny"], because: ["default"] }),
    );
  });
});
