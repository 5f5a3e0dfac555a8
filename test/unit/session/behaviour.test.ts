import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { callOf } from "../../../src/core/session/call-of.ts";
import { bansIn, claimOf, deedOf } from "../../../src/core/session/contradictions.ts";
import type { CallEnd, ConductStore } from "../../../src/core/session/conduct.ts";
import { OWN_SERVER } from "../../../src/core/own-server.ts";
import { CALLS_MAX, WINDOW_MS } from "../../../src/core/session/session-window.ts";
import { id, instant } from "../../../src/core/units.ts";
import { createConductStore, SESSIONS_MAX } from "../../../src/stores/memory/conduct-store.ts";

const principal = (session: string, agent = "bot"): Principal => ({
  agent: id(agent),
  tenant: id("t"),
  session: id(session),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "loopback",
});

const tool = (name: string, args: Record<string, string | number> = {}): Action => ({
  kind: "tool",
  upstream: id("crm"),
  tool: name,
  args,
});

const chat = (system: string): Action => ({
  kind: "llm",
  upstream: id("openai"),
  operation: "chat",
  model: "m",
  stream: false,
  outputTokens: undefined,
  body: { messages: [{ role: "system", content: system }] },
});

/** What stands out in the last of the calls, made one every `apart` milliseconds. */
function lastOf(actions: readonly Action[], apart = 15_000, store = createConductStore()) {
  let last = store.observe(principal("s"), callOf(tool("first")), instant(0));
  for (const [i, action] of actions.entries()) {
    last = store.observe(principal("s"), callOf(action), instant((i + 1) * apart));
  }
  return last;
}

const names = ({ sightings }: { sightings: readonly { detector: string; signature: string }[] }) =>
  sightings.map(({ detector, signature }) => `${detector} ${signature}`);

const many = (count: number, action: (i: number) => Action): readonly Action[] =>
  Array.from({ length: count }, (_, i) => action(i));

const end = (name: string, more: Partial<CallEnd> = {}): CallEnd => ({
  name,
  failed: false,
  later: false,
  answer: undefined,
  cost: 0,
  found: [],
  ...more,
});

describe("a session", () => {
  it("loops when the same call comes again and again, and not when its arguments change", () => {
    const same = lastOf(many(6, () => tool("read", { id: 1 })));
    expect(names(same)).toContain("behaviour.loop same-call");
    expect(same.level).toBe("HIGH");
    expect(lastOf(many(6, (i) => tool("read", { id: i })))).toEqual({
      level: "LOW",
      sightings: [],
    });
  });

  it("loops when two calls take turns", () => {
    const turns = many(6, (i) => tool(i % 2 === 0 ? "ask" : "answer", { text: `t${i % 2}` }));
    expect(names(lastOf(turns))).toContain("behaviour.loop cycle");
  });

  it("loops when a call fails again and again, whatever its arguments", () => {
    const store = createConductStore();
    const observe = (i: number) =>
      store.observe(principal("s"), callOf(tool("read", { id: i })), instant(i * 1000));
    for (let i = 0; i < 3; i += 1) {
      observe(i);
      store.ended(principal("s"), end("crm.read", { failed: true }), instant(i * 1000));
    }
    expect(names(observe(3))).toContain("behaviour.loop same-error");
    store.ended(principal("s"), end("crm.read"), instant(3000));
    expect(names(observe(4))).not.toContain("behaviour.loop same-error");
  });

  it.each([
    ["behaviour.rapid_fire many-calls", 300, (i: number) => tool("read", { id: i }), 22],
    ["behaviour.rapid_fire many-a-minute", 900, (i: number) => tool("read", { id: i }), 61],
    ["behaviour.chatter same-name", 3000, (i: number) => tool("say", { text: `${i}` }), 26],
    ["behaviour.fan_out many-names", 4000, (i: number) => tool(`tool_${i}`), 14],
    ["behaviour.fan_out many-targets", 5000, (i: number) => tool("send_mail", { to: i }), 10],
  ] as const)("shows %s", (expected, apart, action, count) => {
    expect(names(lastOf(many(count, action), apart))).toContain(expected);
    expect(names(lastOf(many(count, action), 60_000))).not.toContain(expected);
  });

  it("contradicts what it was told not to do", () => {
    const told = chat("You help with mail. Never delete anything, and do not send money.");
    expect(names(lastOf([told, tool("delete_user")]))).toEqual([
      "behaviour.contradiction forbidden-delete",
    ]);
    expect(names(lastOf([told, tool("read_user")]))).toEqual([]);
    expect(names(lastOf([told, chat("Delete what I name."), tool("delete_user")]))).toEqual([]);
  });

  it("contradicts what it remembered", () => {
    const remember = (text: string): Action => tool("memory_store", { fact: text });
    expect(
      names(
        lastOf([remember("The staging key is valid."), remember("The staging key is not valid.")]),
      ),
    ).toEqual(["behaviour.contradiction memory-reversed"]);
    const set = (value: string): Action => tool("memory.set", { key: "owner", value });
    expect(names(lastOf([set("alice"), set("alice"), set("mallory")]))).toEqual([
      "behaviour.contradiction memory-overwritten",
    ]);
  });

  it("is calm again when the window has passed, and sessions do not see each other", () => {
    const store = createConductStore();
    expect(
      lastOf(
        many(8, () => tool("read")),
        1000,
        store,
      ).level,
    ).toBe("HIGH");
    const other = store.observe(principal("other"), callOf(tool("read")), instant(9000));
    expect(other).toEqual({ level: "LOW", sightings: [] });
    const later = instant(9000 + WINDOW_MS);
    expect(store.observe(principal("s"), callOf(tool("read")), later).level).toBe("LOW");
  });

  it("is doubtful by what was found in it", () => {
    const store = createConductStore();
    store.observe(principal("s"), callOf(tool("read")), instant(0));
    const found = [{ detector: "injection", signature: "x", score: 90 }];
    store.ended(principal("s"), end("crm.read", { found }), instant(1));
    expect(store.observe(principal("s"), callOf(tool("write")), instant(2)).level).toBe("HIGH");
  });

  it("keeps no more than its limits, however long it goes on", () => {
    const store = createConductStore();
    lastOf(
      many(CALLS_MAX * 3, (i) => tool("memory_store", { fact: `fact number ${i} is so` })),
      1,
      store,
    );
    for (let i = 0; i < SESSIONS_MAX; i += 1) {
      store.observe(principal(`n${i}`), callOf(tool("read")), instant(1000));
    }
    // Pushed out by all the others: it starts anew.
    const again = store.observe(principal("s"), callOf(tool("read")), instant(1001));
    expect(again.level).toBe("LOW");
  });
});

describe("an agent", () => {
  const settled = (): ConductStore => {
    const store = createConductStore();
    for (let i = 0; i < 101; i += 1) {
      const session = principal(`s${i}`);
      store.observe(session, callOf(tool("read")), instant(i * 1000));
      store.ended(session, end("crm.read", { cost: 20_000_000 }), instant(i * 1000));
    }
    return store;
  };

  it("that uses a tool for the first time after many calls is unusual, more so for strong ones", () => {
    const observe = (store: ConductStore, action: Action) =>
      store.observe(principal("new"), callOf(action), instant(200_000)).sightings;
    expect(observe(settled(), tool("list"))).toMatchObject([{ score: 45 }]);
    expect(observe(settled(), tool("delete_user"))).toMatchObject([
      { detector: "behaviour.unusual_tool", score: 65 },
    ]);
    expect(observe(settled(), tool("read"))).toEqual([]);
  });

  it("that has done a few things is noted for a new one, without being doubtful", () => {
    const store = createConductStore();
    const calls = many(20, (i) => tool("read", { id: i }));
    lastOf(calls, 10_000, store);
    const next = store.observe(principal("s"), callOf(tool("list")), instant(300_000));
    expect(next).toEqual({
      level: "LOW",
      sightings: [{ detector: "behaviour.unusual_tool", signature: "first-use", score: 35 }],
    });
  });

  it("that pays more than 100 USD is noted with this very call", () => {
    const pay = (amount: number) =>
      lastOf([{ ...tool("authorize_spend", { amount, currency: "USD" }), upstream: OWN_SERVER }]);
    expect(pay(100).sightings).toEqual([]);
    expect(pay(100.01)).toEqual({
      level: "LOW",
      sightings: [{ detector: "behaviour.high_cost", signature: "above-100-usd", score: 35 }],
    });
  });

  it("that suddenly costs many times the usual is told with its next call", () => {
    const store = settled();
    store.observe(principal("new"), callOf(tool("read")), instant(200_000));
    store.ended(principal("new"), end("crm.read", { cost: 900_000_000 }), instant(200_000));
    const next = store.observe(principal("new"), callOf(tool("read")), instant(200_001));
    expect(names(next)).toEqual(["behaviour.high_cost above-usual"]);
    expect(next.level).toBe("HIGH");
  });
});

describe("words", () => {
  it("forbid deeds in several forms", () => {
    const text = "Please don't email anyone; without ever publishing. You must not transfer funds.";
    expect(
      bansIn(text)
        .map(({ deed }) => deed)
        .toSorted(),
    ).toEqual(["pay", "publish", "send"]);
    expect(bansIn("Do send the mail and delete the draft.")).toEqual([]);
  });

  it("name the deed of a tool", () => {
    expect(deedOf("crm.deleteCustomer")).toBe("delete");
    expect(deedOf("mail.reply_all")).toBe("send");
    expect(deedOf("crm.lookup")).toBeUndefined();
  });

  it("share a core when one is the other's opposite", () => {
    const yes = claimOf("The build server is trusted.");
    for (const no of ["The build server is not trusted", "the build server isn't trusted!"]) {
      expect(claimOf(no)).toEqual({ core: yes.core, negated: true });
    }
  });
});
