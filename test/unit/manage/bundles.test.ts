import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

let fixture: NativeFixture;

beforeEach(async () => void (fixture = await openNativeFixture()));
afterEach(() => fixture[Symbol.asyncDispose]());

const VERSIONS = "/core/v1/policies/bundles/web/versions";

function fileOf(effect: string): { name: string; text: string } {
  return {
    name: "web.yaml",
    text: `version: 1\nagents: [web-bot]\nrules:\n  - { id: web, tools: ["web.*"], effect: ${effect} }\n`,
  };
}

const add = (effect: string, activate: boolean) =>
  fixture.ask("POST", VERSIONS, { body: { files: [fileOf(effect)], activate } });

async function verdict(): Promise<string> {
  const body = { agent: "web-bot", tool: "web.get" };
  return (await fixture.ask("POST", "/core/v1/decisions", { body })).json.effect;
}

describe("policy bundles", () => {
  it("are proposed, activated, replaced and rolled back", async () => {
    expect(await verdict()).toBe("deny");
    expect((await add("allow", false)).status).toBe(201);
    expect(await verdict()).toBe("deny");
    expect((await fixture.ask("POST", `${VERSIONS}/1/activate`)).json.active).toBe(true);
    expect(await verdict()).toBe("allow");
    expect((await add("approve", true)).json).toMatchObject({ version: 2, active: true });
    expect(await verdict()).toBe("escalate");
    expect((await fixture.ask("GET", `${VERSIONS}/1`)).json.active).toBe(false);
    await fixture.ask("POST", `${VERSIONS}/1/activate`);
    expect(await verdict()).toBe("allow");
    expect((await fixture.ask("DELETE", "/core/v1/policies/bundles/web")).status).toBe(204);
    expect(await verdict()).toBe("deny");
    const kinds = (await fixture.changes()).flatMap(({ entry }) =>
      entry.kind === "change" && entry.about === "policy:web" ? entry.change : [],
    );
    expect(kinds).toEqual([
      "policy.proposed",
      "policy.activated",
      "policy.activated",
      "policy.activated",
      "policy.retired",
    ]);
  });

  it("are not written over what somebody else wrote meanwhile", async () => {
    expect((await add("allow", true)).headers["etag"]).toBe('"1"');
    const seen = (await fixture.ask("GET", `${VERSIONS}/1`)).headers["etag"];
    const edit = (effect: string) =>
      fixture.ask("POST", VERSIONS, {
        body: { files: [fileOf(effect)], activate: true },
        headers: { "if-match": String(seen) },
      });
    expect((await edit("approve")).status).toBe(201);
    expect((await edit("deny")).status).toBe(412);
    expect(await verdict()).toBe("escalate");
    expect((await fixture.ask("GET", `${VERSIONS}/1`)).headers["etag"]).toBe('"2"');
  });

  it("are refused with every line that is wrong, and leave what was in force", async () => {
    await add("allow", true);
    const refused = await add("alow", true);
    expect(refused.status).toBe(400);
    expect(refused.json.errors).toEqual([
      {
        pointer: "/files",
        detail: expect.stringMatching(/^api\/default\/web@2\/web\.yaml:4:\d+: .*allow/u),
      },
    ]);
    expect(await verdict()).toBe("allow");
    expect((await fixture.ask("GET", `${VERSIONS}/2`)).status).toBe(404);
  });

  it("are not put in force where their own tests fail or an id is taken", async () => {
    const failing = `${fileOf("allow").text}tests:\n  - { call: { agent: web-bot, tool: web.get }, expect: deny }\n`;
    const body = { files: [{ name: "web.yaml", text: failing }], activate: true };
    expect((await fixture.ask("POST", VERSIONS, { body })).json.errors).toHaveLength(1);
    await add("allow", true);
    const twin = "/core/v1/policies/bundles/twin/versions";
    const taken = await fixture.ask("POST", twin, { body: { files: [fileOf("deny")] } });
    expect(taken.json.errors[0].detail).toContain("the rule id web is used twice");
  });
});
