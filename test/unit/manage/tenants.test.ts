/** Tenants through the API: what one has, another cannot see, name or change. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FOLLOWED } from "../../../src/core/identity/access-index.ts";
import type { EntryKind } from "../../../src/core/identity/directory-entry.ts";
import { id, type TenantId } from "../../../src/core/units.ts";
import { openNativeFixture, type Method, type NativeFixture } from "../../support/native-api.ts";
import { sampleOf, type JsonSchema } from "../../support/schema-samples.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const ACME = { id: "acme", name: "Acme Ltd", plan: "enterprise" };

async function newTenant(fixture: NativeFixture, wish = ACME): Promise<string> {
  const made = await fixture.ask("POST", "/core/v1/tenants", { body: wish });
  expect(made.status).toBe(201);
  return made.json.admin_key;
}

describe("a tenant", () => {
  it("is made once, with an administrator of its own, on the ledger", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    expect((await fixture.ask("GET", "/core/v1/me", { key })).json).toMatchObject({
      tenant: "acme",
      role: "admin",
    });
    const again = await fixture.ask("POST", "/core/v1/tenants", { body: ACME });
    expect(again.status).toBe(409);
    const { items } = (await fixture.ask("GET", "/core/v1/tenants")).json;
    expect(items.map(({ id: name }: { id: string }) => name)).toEqual(["acme", "default"]);
    expect((await fixture.changes()).map(({ record }) => record)).toContainEqual(
      expect.objectContaining({ change: "tenant.created", about: "acme", by: "admin" }),
    );
  });

  it("hears 403 while it is suspended, and goes on afterwards", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    const body = { reason: "the contract has ended" };
    const suspended = await fixture.ask("POST", "/core/v1/tenants/acme/suspend", { body });
    expect(suspended.json).toMatchObject({ suspended: { ...body, by: "admin" } });
    expect((await fixture.ask("GET", "/core/v1/agents", { key })).status).toBe(403);
    expect((await fixture.ask("POST", "/core/v1/tenants/acme/resume")).status).toBe(200);
    expect((await fixture.ask("GET", "/core/v1/agents", { key })).status).toBe(200);
    const own = await fixture.ask("POST", "/core/v1/tenants/default/suspend", { body });
    expect(own.status).toBe(400);
  });

  it("cannot take an agent's certificate or service account for itself", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    const body = { name: "thief", subjects: ["spiffe://cluster/ns/prod/sa/bot"] };
    const refused = await fixture.ask("POST", "/core/v1/agents", { key, body });
    expect(refused.json).toMatchObject({ status: 403, errors: [{ pointer: "/subjects" }] });
    const plain = await fixture.ask("POST", "/core/v1/agents", { key, body: { name: "thief" } });
    expect(plain.status).toBe(201);
    const changed = await fixture.ask("PATCH", "/core/v1/agents/thief", {
      key,
      body: { subjects: body.subjects },
      headers: { "if-match": "*" },
    });
    expect(changed.status).toBe(403);
  });

  it("has agents of the configuration's names without being them", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    const session = { agent: "config-bot" };
    const refused = await fixture.ask("POST", "/core/v1/sessions", { key, body: session });
    expect(refused.status).toBe(400);
    const own = await fixture.ask("POST", "/core/v1/agents", { key, body: { name: "config-bot" } });
    expect(own.status).toBe(201);
  });
});

describe("whatever another tenant's administrator asks", () => {
  /** In every text of what belongs to the default tenant. */
  const CANARY = "hers-alone";

  it("has legal holds of its own, and removes nobody's records", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    const holds = "/core/v1/ledger/holds";
    const ours = await fixture.ask("POST", holds, { body: { reason: "case 1" } });
    const theirs = await fixture.ask("POST", holds, { key, body: { reason: "case 2" } });
    expect((await fixture.ask("GET", holds, { key })).json.items).toMatchObject([
      { id: theirs.json.id, reason: "case 2" },
    ]);
    const release = await fixture.ask("DELETE", `${holds}/${ours.json.id}`, { key });
    expect(release.status).toBe(404);
    const body = { before: "2026-01-01T00:00:00Z", reason: "old" };
    const removal = await fixture.ask("POST", "/core/v1/ledger/removals", { key, body });
    expect(removal.status).toBe(403);
    expect((await fixture.ask("GET", "/core/v1/ledger/replicas", { key })).status).toBe(403);
  });

  it("shows and changes nothing that is not its own", async () => {
    await using fixture = await openNativeFixture();
    const key = await newTenant(fixture);
    const ids = await fill(fixture);
    const before = await entriesOf(fixture);
    const { json } = await fixture.ask("GET", "/openapi.json", { key: undefined });
    let asked = 0;
    for (const [path, item] of Object.entries<Record<string, Operation>>(json.paths)) {
      for (const [verb, operation] of Object.entries(item)) {
        const method = verb.toUpperCase() as Method;
        const of = path.split("/")[3] ?? "";
        const url = path.replaceAll(/\{\w+\}/g, ids[of] ?? "nothing-here");
        for (let round = 0; round < 2; round += 1) {
          const seed = createHash("sha256").update(`${verb} ${path} ${round}`).digest();
          const schema = operation.requestBody?.content["application/json"]?.schema;
          const random = seededRandom(seed.readUInt32LE());
          const body = schema === undefined ? undefined : sampleOf(schema, random, true);
          const headers = { "if-match": "*" };
          const reply = await fixture.ask(method, url, { key, body, headers });
          expect(reply.text, `${method} ${url}`).not.toContain(CANARY);
          asked += 1;
        }
      }
    }
    expect(asked).toBeGreaterThan(150);
    expect(await entriesOf(fixture)).toEqual(before);
  }, 120_000);

  async function fill(fixture: NativeFixture): Promise<Readonly<Record<string, string>>> {
    const post = async (path: string, body: object): Promise<string> => {
      const { status, json, text } = await fixture.ask("POST", `/core/v1/${path}`, { body });
      expect(status, text).toBe(201);
      return json.id;
    };
    await post("agents", { name: "bot", description: CANARY, tags: { of: CANARY } });
    const stop = { agent: "bot", mode: "freeze", reason: CANARY };
    await post("stops", stop);
    fixture.usage.add(USED_BY_HER, NO_COUNTS);
    return {
      agents: "bot",
      keys: await post("keys", { name: CANARY }),
      users: await post("users", {
        username: CANARY,
        email: `${CANARY}@example.com`,
        role: "viewer",
        password: "MyStr0ng!Pass#2024",
      }),
      sessions: await post("sessions", { agent: "bot", task: CANARY }),
      tenants: "default",
      budgets: "llm-day",
    };
  }

  const USED_BY_HER = {
    tenant: "default",
    day: "2026-11-20",
    agent: CANARY,
    team: CANARY,
    user: CANARY,
    upstream: CANARY,
    model: CANARY,
    tool: CANARY,
  };
  const NO_COUNTS = {
    calls: 1,
    refused: 0,
    inputTokens: 1,
    outputTokens: 1,
    nanoUsd: 1,
    estimated: 0,
  };

  /** Everything of the default tenant; not when its keys were used, or this machine was there. */
  async function entriesOf({ ports }: NativeFixture): Promise<unknown> {
    const followed = FOLLOWED.filter((kind) => kind !== "replica");
    const kinds: readonly EntryKind[] = [...followed, "user", "bundle"];
    const query = { tenant: id<TenantId>("default"), limit: 100 };
    return Promise.all(kinds.map((kind) => ports.store.list(kind, query)));
  }
});

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>>;
  };
}
