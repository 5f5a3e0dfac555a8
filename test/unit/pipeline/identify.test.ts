import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { id } from "../../../src/core/units.ts";
import { identify, SESSION_CHARS_MAX } from "../../../src/pipeline/identify.ts";
import {
  createConfigDirectory,
  KEY_CACHE_MAX,
  type AgentEntry,
} from "../../../src/stores/config-directory.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const entry = (name: string, ...keys: string[]): AgentEntry => ({
  name,
  keysSha256: keys.map(sha256),
  team: "support",
});
const directory = createConfigDirectory(
  [entry("bot", "spt_old", "spt_new"), entry("local")],
  "local",
  id("default"),
);
const nobodyOnLoopback = createConfigDirectory([entry("bot", "spt_old")], undefined, id("default"));
const presented = { key: undefined, session: undefined, loopback: false };

describe("identify", () => {
  it.each(["spt_old", "spt_new"])("knows an agent by each of its keys: %s", (key) => {
    expect(identify({ ...presented, key, session: "run-7" }, directory)).toEqual({
      kind: "pass",
      value: {
        agent: "bot",
        tenant: "default",
        session: "run-7",
        team: "support",
        user: undefined,
        run: undefined,
        tags: {},
        provenBy: "api_key",
      },
    });
  });

  it("takes the loopback agent where no key was sent", () => {
    expect(identify({ ...presented, loopback: true }, directory)).toMatchObject({
      value: { agent: "local", provenBy: "loopback", session: "local/default" },
    });
  });

  it.each([
    ["a wrong key", { key: "spt_wrong" }],
    ["an empty key", { key: "" }],
    ["a wrong key from loopback", { key: "spt_wrong", loopback: true }],
    ["a key of absurd length", { key: "x".repeat(100_000) }],
    ["the hash instead of the key", { key: sha256("spt_old") }],
    ["no key from elsewhere", {}],
  ])("refuses %s and says where the key goes", (_what, change) => {
    expect(identify({ ...presented, ...change }, directory)).toMatchObject({
      refusal: { code: "unauthenticated", remedy: expect.stringContaining("x-sallyport-key") },
    });
  });

  it("serves nobody on loopback unless an agent was named", () => {
    expect(identify({ ...presented, loopback: true }, nobodyOnLoopback)).toMatchObject({
      refusal: { code: "unauthenticated" },
    });
  });

  it("never repeats the key it refused", () => {
    const refused = identify({ ...presented, key: "spt_wrong" }, directory);
    expect(JSON.stringify(refused)).not.toContain("spt_wrong");
  });

  it("keeps only session names that are safe to print, and bounds them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (session) => {
        const identified = identify({ ...presented, key: "spt_old", session }, directory);
        if (identified.kind === "halt") throw new Error("refused");
        const kept = identified.value.session;
        expect(kept).toMatch(/^[\x21-\x7e]{1,128}$/u);
        expect([session, "bot/default"]).toContain(kept);
      }),
    );
    const longest = "s".repeat(SESSION_CHARS_MAX);
    for (const [session, kept] of [
      [longest, longest],
      [`${longest}s`, "bot/default"],
      ["run 7", "bot/default"],
      ["run\r\n7", "bot/default"],
    ]) {
      const asked = { ...presented, key: "spt_old", session };
      expect(identify(asked, directory)).toMatchObject({ value: { session: kept } });
    }
  });
});

describe("createConfigDirectory", () => {
  it("still knows every key when more keys come than it remembers", () => {
    const keys = Array.from({ length: KEY_CACHE_MAX + 10 }, (_one, i) => `spt_${i}`);
    const many = createConfigDirectory([entry("bot", ...keys)], undefined, id("default"));
    for (const key of [...keys, ...keys]) expect(many.byKey(key)).toMatchObject({ id: "bot" });
    expect(many.byKey("spt_none")).toBeUndefined();
  });

  it("refuses a key that two agents share, and a loopback agent that is not listed", () => {
    const shared = [entry("a", "spt_x"), entry("b", "spt_x")];
    expect(() => createConfigDirectory(shared, undefined, id("default"))).toThrow(
      /share a key: b/u,
    );
    expect(() => createConfigDirectory([], "ghost", id("default"))).toThrow(
      /no such agent: ghost/u,
    );
  });
});
