import { describe, expect, it } from "vitest";
import { openNativeFixture } from "../../support/native-api.ts";

describe("agents", () => {
  it("are registered, changed and removed with their keys and sessions", async () => {
    await using fixture = await openNativeFixture();
    const body = { name: "bot", clearance: 3, team: "support", tags: { env: "prod" } };
    const made = await fixture.ask("POST", "/core/v1/agents", { body });
    expect(made).toMatchObject({ status: 201, json: { ...body, source: "directory" } });
    const { etag } = (await fixture.ask("GET", "/core/v1/agents/bot")).headers;
    const headers = { "if-match": String(etag) };
    const patch = { body: { clearance: 4 }, headers };
    expect((await fixture.ask("PATCH", "/core/v1/agents/bot", patch)).json.clearance).toBe(4);
    const wish = { body: { name: "bot-key", agent: "bot" } };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", wish)).json;
    expect(key).toMatch(/^pxy_/);
    const own = { body: { agent: "bot" }, key };
    const session = (await fixture.ask("POST", "/core/v1/sessions", own)).json;
    expect(session).toMatchObject({ agent: "bot", scopes: ["read", "browse"], valid: true });
    expect((await fixture.ask("DELETE", "/core/v1/agents/bot")).status).toBe(204);
    expect((await fixture.ask("GET", "/core/v1/me", { key })).status).toBe(401);
    const after = await fixture.ask("GET", `/core/v1/sessions/${session.id}`);
    expect(after.json.valid).toBe(false);
  });

  it("of the configuration are listed, and changed there only", async () => {
    await using fixture = await openNativeFixture();
    await fixture.ask("POST", "/core/v1/agents", { body: { name: "bot" } });
    const list = await fixture.ask("GET", "/core/v1/agents?limit=1");
    expect(list.json.items).toMatchObject([{ name: "bot", source: "directory" }]);
    const rest = await fixture.ask("GET", `/core/v1/agents?limit=1&after=${list.json.next}`);
    expect(rest.json.items).toMatchObject([
      { name: "config-bot", source: "config", clearance: 2, subjects: [] },
    ]);
    const taken = await fixture.ask("POST", "/core/v1/agents", { body: { name: "config-bot" } });
    expect(taken.status).toBe(409);
  });

  it("see and open sessions of their own only", async () => {
    await using fixture = await openNativeFixture();
    for (const name of ["one", "two"]) {
      await fixture.ask("POST", "/core/v1/agents", { body: { name } });
    }
    const wish = { body: { name: "k", agent: "one" } };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", wish)).json;
    const foreign = { body: { agent: "two" }, key };
    expect((await fixture.ask("POST", "/core/v1/sessions", foreign)).status).toBe(403);
    const { id } = (await fixture.ask("POST", "/core/v1/sessions", { body: { agent: "two" } }))
      .json;
    expect((await fixture.ask("GET", `/core/v1/sessions/${id}`, { key })).status).toBe(404);
    expect((await fixture.ask("DELETE", `/core/v1/sessions/${id}`, { key })).status).toBe(404);
    expect((await fixture.ask("GET", "/core/v1/sessions", { key })).json.items).toEqual([]);
  });
});

describe("sessions", () => {
  it("have the scope to spend where they have money to spend", async () => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot", spend_limit_usd: "25.5", ttl_s: 60 };
    const { json } = await fixture.ask("POST", "/core/v1/sessions", { body });
    expect(json).toMatchObject({
      scopes: ["read", "browse", "spend"],
      spend_limit_usd: "25.500000000",
      expires_at: "2026-11-21T06:01:00.000Z",
    });
    fixture.clock.now += 60_000;
    const late = await fixture.ask("GET", `/core/v1/sessions/${json.id}`);
    expect(late.json.valid).toBe(false);
  });

  it("are revoked once and for all", async () => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot" };
    const { id } = (await fixture.ask("POST", "/core/v1/sessions", { body })).json;
    const path = `/core/v1/sessions/${id}`;
    const first = await fixture.ask("DELETE", path);
    fixture.clock.now += 1_000;
    const second = await fixture.ask("DELETE", path);
    expect(second.json.revoked_at).toBe(first.json.revoked_at);
  });
});

describe("stops", () => {
  it("stand until they are lifted, and say who and why", async () => {
    await using fixture = await openNativeFixture();
    const body = { agent: "config-bot", mode: "freeze", reason: "look at it first" };
    const stop = await fixture.ask("POST", "/core/v1/stops", { body });
    expect(stop.json).toMatchObject({ target: "agent:config-bot", by: "admin", mode: "freeze" });
    const again = { body: { ...body, mode: "kill" } };
    expect((await fixture.ask("POST", "/core/v1/stops", again)).status).toBe(201);
    expect((await fixture.ask("GET", "/core/v1/stops")).json.items).toHaveLength(1);
    const lift = { body: { agent: "config-bot" } };
    expect((await fixture.ask("POST", "/core/v1/stops/lift", lift)).status).toBe(200);
    expect((await fixture.ask("POST", "/core/v1/stops/lift", lift)).status).toBe(404);
    expect((await fixture.ask("GET", "/core/v1/stops")).json.items).toEqual([]);
  });

  it("name one thing", async () => {
    await using fixture = await openNativeFixture();
    const both = { agent: "a", everything: true, mode: "kill", reason: "x" };
    expect((await fixture.ask("POST", "/core/v1/stops", { body: both })).status).toBe(400);
  });

  it("that kill a session revoke it", async () => {
    await using fixture = await openNativeFixture();
    const wish = { body: { agent: "config-bot" } };
    const { id } = (await fixture.ask("POST", "/core/v1/sessions", wish)).json;
    const body = { session: id, mode: "kill", reason: "x" };
    expect((await fixture.ask("POST", "/core/v1/stops", { body })).status).toBe(201);
    expect((await fixture.ask("GET", `/core/v1/sessions/${id}`)).json.valid).toBe(false);
  });
});
