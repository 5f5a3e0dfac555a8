import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_CLAIMS } from "../../../src/core/principal.ts";
import { id } from "../../../src/core/units.ts";
import { readRequestHeaders } from "../../../src/proxy/request-headers.ts";
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
const presented = {
  key: undefined,
  session: undefined,
  claims: NO_CLAIMS,
  loopback: false,
};

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

  describe("what a client says of itself", () => {
    const listed = createConfigDirectory(
      [
        { ...entry("bot", "spt_old"), tags: { env: "prod" } },
        { ...entry("hers", "spt_hers"), user: "alice" },
      ],
      undefined,
      id("default"),
      ["user", "tag.customer", "tag.env"],
    );
    const claims = {
      user: "bob",
      run: "task-1",
      tags: { customer: "acme", env: "test", other: "x", constructor: "y" },
    };
    const known = (key: string, more: object = {}) =>
      identify({ ...presented, key, claims: { ...claims, ...more } }, listed);

    it("counts where the operator accepts it, and never over what the operator says", () => {
      expect(known("spt_old")).toMatchObject({
        value: { user: "bob", run: "task-1", tags: { customer: "acme", env: "prod" } },
      });
      expect(known("spt_hers")).toMatchObject({
        value: { user: "alice", tags: { customer: "acme", env: "test" } },
      });
    });

    it("is not kept where nobody asked for it, or where it is no name", () => {
      const plain = createConfigDirectory([entry("bot", "spt_old")], undefined, id("default"));
      const asked = { ...presented, key: "spt_old", claims };
      expect(identify(asked, plain)).toMatchObject({
        value: { user: undefined, run: "task-1", tags: {} },
      });
      const long = "x".repeat(SESSION_CHARS_MAX + 1);
      const bad = { user: "a b", run: long, tags: { customer: "" } };
      expect(known("spt_old", bad)).toMatchObject({
        value: { user: undefined, run: undefined, tags: { env: "prod" } },
      });
    });

    it("is read from its headers, which never travel on", () => {
      const raw = ["X-Sallyport-User", "bob", "x-sallyport-run", "r", "X_Sallyport_Tag_Env", "e"];
      expect(readRequestHeaders([...raw, "x-sallyport-tag-env", "late", "accept", "*/*"])).toEqual({
        kind: "ok",
        forward: ["accept", "*/*"],
        key: undefined,
        session: undefined,
        claims: { user: "bob", run: "r", tags: { env: "e" } },
      });
      expect(readRequestHeaders([...raw, "x-sallyport-user", "eve"])).toMatchObject({
        kind: "problem",
      });
    });
  });
});
