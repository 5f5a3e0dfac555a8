/** What is wrong with a request is said so that whoever sent it, person or agent, can mend it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";

let fixture: NativeFixture;
beforeAll(async () => {
  fixture = await openNativeFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function complaint(path: string, body: unknown): Promise<unknown> {
  const { status, json } = await fixture.ask("POST", `/core/v1${path}`, { body });
  expect({ status, title: json.title }).toEqual({ status: 400, title: "Bad Request" });
  return json.errors?.map(({ detail }: { detail: string }) => detail) ?? json.detail;
}

describe("complaints", () => {
  it.each([
    ["/agents", {}, "`name` is missing."],
    ["/agents", { name: "a", colour: 1 }, expect.stringMatching(/^`colour` is not .* is name, /)],
    ["/agents", { name: "a", clerance: 1 }, expect.stringContaining("did you mean `clearance`?")],
    ["/agents", { name: "a", clearance: 9 }, "`clearance` must be one of 1, 2, 3, 4, 5."],
    ["/agents", { name: 7 }, "`name` must be a string."],
    [
      "/agents",
      { name: "no spaces" },
      expect.stringMatching(/^`name` has another form\. Small letters/),
    ],
    ["/sessions", { agent: "a", scopes: ["fly"] }, expect.stringContaining("`scopes.0` has")],
    ["/ledger/holds", { reason: "a" }, "`reason` must have at least 3 characters."],
    [
      "/ledger/holds",
      { reason: "case", from: "today" },
      "`from` must be a time such as 2026-11-21T06:00:00Z.",
    ],
  ])("%s with %j", async (path, body, said) => {
    expect(await complaint(path, body)).toEqual([said]);
  });

  it.each([
    ['{"name": "a", "name": "b"}', /duplicate key.*line 1, column/],
    ['{"name": ', /line 1, column/],
    ["", /JSON/],
  ])("a body that is no plain JSON: %s", async (payload, said) => {
    const { statusCode, body } = await fixture.api.inject({
      method: "POST",
      url: "/core/v1/agents",
      headers: {
        authorization: `Bearer ${fixture.adminKey}`,
        "content-type": "application/json",
      },
      payload,
    });
    expect({ statusCode, ...JSON.parse(body) }).toMatchObject({
      statusCode: 400,
      title: "Bad Request",
      code: "invalid",
      detail: expect.stringMatching(said),
    });
  });

  it.each([
    [{ "content-type": "text/plain" }, /content-type: application\/json/],
    [{ "content-type": "application/x-www-form-urlencoded" }, /content-type: application\/json/],
    [{ "content-type": "application/json", "content-encoding": "gzip" }, /Content-Encoding/],
  ])("a body of another type is told the right one: %j", async (headers, said) => {
    const { statusCode, body } = await fixture.api.inject({
      method: "POST",
      url: "/core/v1/agents",
      headers: { authorization: `Bearer ${fixture.adminKey}`, ...headers },
      payload: '{"name":"a"}',
    });
    expect({ statusCode, ...JSON.parse(body) }).toMatchObject({
      statusCode: 415,
      title: "Unsupported Media Type",
      code: "invalid",
      detail: expect.stringMatching(said),
    });
  });

  it("names what is not there, with its method", async () => {
    const { status, json } = await fixture.ask("PATCH", "/core/v1/stopps?x=1");
    expect(status).toBe(404);
    expect(json.detail).toBe("There is no PATCH /core/v1/stopps; /docs shows what there is.");
  });

  it.each([
    ["%ff", /two hexadecimal digits/],
    ["a".repeat(5_000), /too long/],
  ])("a path that cannot be read is told of as any other fault: %.8s", async (name, said) => {
    const { status, headers, json } = await fixture.ask("GET", `/core/v1/agents/${name}`);
    expect(status).toBe(400);
    expect(headers["content-type"]).toContain("application/problem+json");
    expect(json).toMatchObject({ code: "invalid", detail: expect.stringMatching(said) });
  });

  it.each([
    ["after=xxxx", "/querystring/after", "`after` is not the `next` of a page before."],
    ["kind=intent,foo", "/querystring/kind", expect.stringContaining("There is no kind foo")],
  ])("the record is not looked through by %s", async (query, pointer, detail) => {
    const { status, json } = await fixture.ask("GET", `/core/v1/ledger?${query}`);
    expect(status).toBe(400);
    expect(json.errors).toEqual([{ pointer, detail }]);
  });

  it("a key is for an agent that there is", async () => {
    const body = { name: "k", agent: "ghost" };
    const { status, json } = await fixture.ask("POST", "/core/v1/keys", { body });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      detail: "There is no active agent ghost: register it, or list it in the config.",
      errors: [{ pointer: "/agent" }],
    });
    await fixture.ask("POST", "/core/v1/agents", { body: { name: "ghost" } });
    expect((await fixture.ask("POST", "/core/v1/keys", { body })).status).toBe(201);
    const again = await fixture.ask("POST", "/core/v1/agents", { body: { name: "ghost" } });
    expect(again.json.detail).toBe("There is an agent with this name already.");
  });
});
