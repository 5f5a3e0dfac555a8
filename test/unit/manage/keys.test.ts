import { describe, expect, it } from "vitest";
import { openNativeFixture } from "../../support/native-api.ts";

describe("keys", () => {
  it("are shown once, and only their hash is kept", async () => {
    await using fixture = await openNativeFixture();
    const made = await fixture.ask("POST", "/core/v1/keys", { body: { name: "ci" } });
    expect(made.status).toBe(201);
    expect(made.json.key).toMatch(/^spt_[\w-]{43}$/);
    const { key, id } = made.json;
    expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(200);
    const shown = await fixture.ask("GET", `/core/v1/keys/${id}`);
    expect(shown.json).toMatchObject({ name: "ci", role: "viewer", shown: key.slice(0, 10) });
    expect(shown.text).not.toContain(key);
    const entry = await fixture.ports.store.get("key", id);
    expect(JSON.stringify(entry)).not.toContain(key);
    expect(JSON.stringify(await fixture.changes())).not.toContain(key);
  });

  it("stop working when they are revoked, and the ledger says who did it", async () => {
    await using fixture = await openNativeFixture();
    const made = await fixture.ask("POST", "/core/v1/keys", { body: { name: "ci" } });
    const { key, id } = made.json;
    expect((await fixture.ask("DELETE", `/core/v1/keys/${id}`)).status).toBe(200);
    expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(401);
    expect((await fixture.ask("DELETE", `/core/v1/keys/${id}`)).status).toBe(200);
    const changes = (await fixture.changes()).map(({ record }) => record);
    expect(changes).toMatchObject([
      { change: "tenant.begun", by: "bootstrap" },
      { change: "key.created", about: id, by: "admin" },
      { change: "key.revoked", about: id, by: "admin" },
    ]);
  });

  it("expire", async () => {
    await using fixture = await openNativeFixture();
    const body = { name: "ci", expires_in_s: 60 };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", { body })).json;
    expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(200);
    fixture.clock.now += 60_000;
    expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(401);
  });

  it("are rotated with time for the old one to go", async () => {
    await using fixture = await openNativeFixture();
    const old = (await fixture.ask("POST", "/core/v1/keys", { body: { name: "ci" } })).json;
    const path = `/core/v1/keys/${old.id}/rotate`;
    const next = await fixture.ask("POST", path, { body: { grace_s: 10 } });
    expect(next.json).toMatchObject({ name: "ci", role: "viewer" });
    for (const key of [old.key, next.json.key]) {
      expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(200);
    }
    fixture.clock.now += 10_000;
    expect((await fixture.ask("GET", "/core/v1/keys", { key: old.key })).status).toBe(401);
    expect((await fixture.ask("POST", path, { body: {} })).status).toBe(409);
  });

  it("give nobody more than the giver has", async () => {
    await using fixture = await openNativeFixture();
    const scoped = { name: "narrow", role: "admin", scopes: ["keys:write"] };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", { body: scoped })).json;
    expect((await fixture.ask("GET", "/core/v1/keys", { key })).status).toBe(200);
    const low = { name: "low", role: "viewer" };
    const viewer = (await fixture.ask("POST", "/core/v1/keys", { body: low })).json.key;
    const wish = { body: low, key: viewer };
    expect((await fixture.ask("POST", "/core/v1/keys", wish)).status).toBe(403);
  });

  it("with scopes make and rotate no key that has others, but agents' keys", async () => {
    await using fixture = await openNativeFixture();
    const make = (body: object, key?: string) =>
      fixture.ask("POST", "/core/v1/keys", { body, ...(key !== undefined && { key }) });
    const scopes = ["keys:write", "agents:*"];
    const { key } = (await make({ name: "narrow", role: "admin", scopes })).json;
    const wide = (await make({ name: "wide", role: "admin" })).json;
    const wished = [[], ["*"], ["keys:*"], ["secrets:read"], ["agents:*", "users:read"]];
    for (const more of wished) {
      const refused = await make({ name: "more", role: "viewer", scopes: more }, key);
      expect([refused.status, refused.json.errors?.[0].pointer]).toEqual([403, "/scopes"]);
    }
    const rotation = `/core/v1/keys/${wide.id}/rotate`;
    expect((await fixture.ask("POST", rotation, { key, body: {} })).status).toBe(403);
    const less = await make({ name: "less", role: "viewer", scopes: ["agents:read"] }, key);
    expect(less.status).toBe(201);
    const own = await fixture.ask("POST", `/core/v1/keys/${less.json.id}/rotate`, {
      key,
      body: {},
    });
    expect(own.json).toMatchObject({ role: "viewer", scopes: ["agents:read"] });
    expect((await make({ name: "bot", agent: "config-bot" }, key)).status).toBe(201);
    const all = (await make({ name: "all", role: "admin", scopes: ["*"] })).json.key;
    expect((await make({ name: "any", role: "admin" }, all)).status).toBe(201);
  });

  it("are made once for one Idempotency-Key", async () => {
    await using fixture = await openNativeFixture();
    const headers = { "idempotency-key": "once" };
    const body = { name: "ci" };
    const first = await fixture.ask("POST", "/core/v1/keys", { body, headers });
    const again = await fixture.ask("POST", "/core/v1/keys", { body, headers });
    expect(again.text).toBe(first.text);
    expect(again.headers["idempotency-replayed"]).toBe("true");
    const other = { body: { name: "other" }, headers };
    expect((await fixture.ask("POST", "/core/v1/keys", other)).status).toBe(422);
    expect((await fixture.ask("GET", "/core/v1/keys")).json.items).toHaveLength(2);
  });

  it("are paged by a cursor", async () => {
    await using fixture = await openNativeFixture();
    for (const name of ["a", "b", "c"]) {
      await fixture.ask("POST", "/core/v1/keys", { body: { name } });
    }
    const first = await fixture.ask("GET", "/core/v1/keys?limit=3");
    const rest = await fixture.ask("GET", `/core/v1/keys?limit=3&after=${first.json.next}`);
    const names = [...first.json.items, ...rest.json.items].map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(["a", "admin", "b", "c"]));
    expect(rest.json.next).toBeUndefined();
  });

  it("begin with one that is made once only", async () => {
    await using fixture = await openNativeFixture();
    const body = { name: "second" };
    const again = await fixture.ask("POST", "/core/v1/bootstrap", { body, key: undefined });
    expect(again.status).toBe(401);
  });
});

describe("a request that is wrong", () => {
  it("is told where", async () => {
    await using fixture = await openNativeFixture();
    const body = { name: "ci", role: "king", more: 1 };
    const refused = await fixture.ask("POST", "/core/v1/keys", { body });
    expect(refused.status).toBe(400);
    expect(refused.headers["content-type"]).toContain("application/problem+json");
    expect(refused.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      "/more",
      "/role",
    ]);
    expect((await fixture.ask("GET", "/core/v1/nothing")).json.code).toBe("not_found");
  });
});

describe("a key's plan", () => {
  it("is counted, told in the headers, and ends in 429 until its window has passed", async () => {
    await using fixture = await openNativeFixture();
    const body = { name: "ci", plan: "pro", quota: { minute: 3 } };
    const { key, id } = (await fixture.ask("POST", "/core/v1/keys", { body })).json;
    const ask = () => fixture.ask("GET", "/core/v1/keys", { key });
    const first = await ask();
    expect(first.headers["ratelimit-policy"]).toBe('"minute";q=3, "month";q=1000000');
    expect(first.headers["ratelimit"]).toContain('"minute";r=2;t=60');
    await ask();
    await ask();
    const refused = await ask();
    expect(refused.json).toMatchObject({ status: 429, code: "too_many" });
    expect(refused.headers["retry-after"]).toBe("60");
    const shown = (await fixture.ask("GET", `/core/v1/keys/${id}/quota`)).json;
    expect(shown).toMatchObject({ plan: "pro", month: "2026-11", used: 3 });
    expect(shown.windows[0]).toMatchObject({ window: "minute", limit: 3, remaining: 0 });
    fixture.clock.now += 60_000;
    const own = await fixture.ask("GET", "/core/v1/quota", { key });
    expect(own.json).toMatchObject({ plan: "pro", used: 4 });
    expect(own.json.used_by_tenant).toBeGreaterThan(4);
  });

  it("is the tenant's where none is named, and never higher", async () => {
    await using fixture = await openNativeFixture();
    const tenant = { id: "acme", plan: "dev" };
    const made = await fixture.ask("POST", "/core/v1/tenants", { body: tenant });
    const key = made.json.admin_key;
    const plain = await fixture.ask("POST", "/core/v1/keys", { key, body: { name: "a" } });
    expect(plain.json).toMatchObject({ plan: "dev" });
    const high = { name: "b", plan: "pro" };
    const refused = await fixture.ask("POST", "/core/v1/keys", { key, body: high });
    expect(refused.json).toMatchObject({ status: 400, errors: [{ pointer: "/plan" }] });
  });
});
