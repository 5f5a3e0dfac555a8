import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_TENANT } from "../../../src/core/identity/tenant.ts";
import { openNativeFixture, type Asked, type NativeFixture } from "../../support/native-api.ts";

const CANARY = "sk-canary-4f9d1c7e2b8a6035";
const BINDING = { origin: "https://api.openai.com", paths: ["/v1/**"], methods: ["POST"] };

let fixture: NativeFixture;
beforeAll(async () => {
  fixture = await openNativeFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const SECRETS = "/core/v1/secrets";
let count = 0;

/** A new secret with a name of its own. */
async function store(body: object): Promise<string> {
  const name = `secret-${(count += 1)}`;
  const made = await fixture.ask("POST", SECRETS, { body: { name, value: CANARY, ...body } });
  expect(made.status, made.text).toBe(201);
  return name;
}

/** An agent with a key, and a session of its own. */
async function agentWith(clearance: number, session: object = {}) {
  const name = `agent-${(count += 1)}`;
  await fixture.ask("POST", "/core/v1/agents", { body: { name, clearance } });
  const wish = { body: { name: `${name}-key`, agent: name } };
  const { key } = (await fixture.ask("POST", "/core/v1/keys", wish)).json;
  const opened = await fixture.ask("POST", "/core/v1/sessions", {
    body: { agent: name, scopes: ["read"], ...session },
    key,
  });
  const id: string = opened.json.id;
  const deliver = (secret: string, as = key, session = id): Promise<Asked> =>
    fixture.ask("POST", `${SECRETS}/${secret}/deliver`, { body: { session }, key: as });
  return { name, key, session: id, deliver };
}

describe("secrets", () => {
  it("are stored with their terms and shown without a value", async () => {
    const name = await store({ binding: BINDING, clearance_min: 3, allowed_agents: ["bot"] });
    const shown = await fixture.ask("GET", `${SECRETS}/${name}`);
    expect(shown.json).toMatchObject({
      name,
      version: 1,
      uses: 0,
      binding: { ...BINDING, header: "authorization", format: "Bearer {}" },
      clearance_min: 3,
      allowed_agents: ["bot"],
    });
    const list = await fixture.ask("GET", `${SECRETS}?limit=200`);
    expect(list.json.items).toContainEqual(shown.json);
    expect(shown.text + list.text).not.toContain(CANARY);
  });

  it("are not overwritten by a second one of the same name", async () => {
    const name = await store({});
    const again = await fixture.ask("POST", SECRETS, { body: { name, value: "another-value" } });
    expect(again.status).toBe(409);
  });

  it("are an operator's alone: what subscriptions sign with is not among them", async () => {
    const wish = { name: "all", target: "https://hooks.example/x" };
    const made = await fixture.ask("POST", "/core/v1/subscriptions", { body: wish });
    const own = `subscription.${made.json.id}`;
    const at = `${SECRETS}/${own}`;
    const again = { body: { name: own, value: CANARY } };

    expect((await fixture.ask("GET", `${SECRETS}?limit=200`)).text).not.toContain(own);
    for (const [method, url, body] of [
      ["GET", at, undefined],
      ["DELETE", at, undefined],
      ["PATCH", at, { deliver: true }],
      ["POST", `${at}/versions`, { value: CANARY }],
      ["POST", `${at}/rollback`, { version: 1 }],
    ] as const) {
      const headers = { "if-match": '"1"' };
      const asked = await fixture.ask(method, url, { body, headers });
      expect(asked.status, `${method} ${url}`).toBe(404);
    }
    expect(await fixture.ask("POST", SECRETS, again)).toMatchObject({ status: 400 });
    const kept = await fixture.subscriptions.secrets.list(DEFAULT_TENANT);
    expect(kept.map(({ name }) => String(name))).toContain(own);
  });

  it("keep their versions, go back to one, and never give a number twice", async () => {
    const name = await store({ keep: 2 });
    const add = (value: string) =>
      fixture.ask("POST", `${SECRETS}/${name}/versions`, { body: { value } });
    await add("second-value");
    const back = await fixture.ask("POST", `${SECRETS}/${name}/rollback`, { body: { version: 1 } });
    expect(back.json).toMatchObject({ version: 1, versions: [{ number: 1 }, { number: 2 }] });
    expect((await add("third-value")).json).toMatchObject({
      version: 3,
      versions: [{ number: 2 }, { number: 3 }],
    });
    const gone = await fixture.ask("POST", `${SECRETS}/${name}/rollback`, { body: { version: 1 } });
    expect(gone).toMatchObject({ status: 404 });
  });

  it("change under the ETag that was read, and lose conditions by null", async () => {
    const name = await store({ scope_required: "read", expires_at: "2027-01-01T00:00:00Z" });
    const { etag } = (await fixture.ask("GET", `${SECRETS}/${name}`)).headers;
    const headers = { "if-match": String(etag) };
    const body = { scope_required: null, expires_at: null, binding: BINDING };
    const changed = await fixture.ask("PATCH", `${SECRETS}/${name}`, { body, headers });
    expect(changed.json).toMatchObject({ binding: BINDING });
    expect(changed.json).not.toHaveProperty("scope_required");
    const late = await fixture.ask("PATCH", `${SECRETS}/${name}`, { body, headers });
    expect(late.status).toBe(412);
  });

  it("are removed with all they were", async () => {
    const name = await store({});
    expect((await fixture.ask("DELETE", `${SECRETS}/${name}`)).status).toBe(204);
    expect((await fixture.ask("GET", `${SECRETS}/${name}`)).status).toBe(404);
  });

  it("cannot be stored where the value cannot be a header", async () => {
    const body = { name: "bad", value: `${CANARY}\nx: y`, binding: BINDING };
    const refused = await fixture.ask("POST", SECRETS, { body });
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ pointer: "/value" }] } });
    expect(refused.text).not.toContain(CANARY);
  });
});

describe("delivery", () => {
  it("gives the value under a session that the terms allow, once on the ledger each", async () => {
    const bot = await agentWith(2);
    const name = await store({ deliver: true, scope_required: "read", allowed_agents: [bot.name] });
    const given = await bot.deliver(name);
    expect(given).toMatchObject({
      status: 200,
      json: { name, value: CANARY, version: 1, expires_at: "2026-11-21T07:00:00.000Z" },
      headers: { "cache-control": "no-store" },
    });
    const shown = await fixture.ask("GET", `${SECRETS}/${name}`);
    expect(shown.json).toMatchObject({ uses: 1, last_used_at: "2026-11-21T06:00:00.000Z" });
    const records = (await fixture.changes()).map(({ entry }) => entry);
    expect(records).toContainEqual(
      expect.objectContaining({
        change: "secret.delivered",
        about: `secret:${name}`,
        detail: { version: 1, agent: bot.name, session: bot.session },
      }),
    );
  });

  it.each([
    ["is lent to upstreams only", {}, {}],
    ["is for other agents", { deliver: true, allowed_agents: ["somebody"] }, {}],
    ["needs clearance 4", { deliver: true, clearance_min: 4 }, {}],
    ["the scope execute", { deliver: true, scope_required: "execute" }, {}],
    ["not one that the session may use", { deliver: true }, { credentials: ["another"] }],
  ])("is refused where the secret %s", async (why, terms, session) => {
    const bot = await agentWith(2, session);
    const refused = await bot.deliver(await store(terms));
    expect(refused.status).toBe(403);
    expect(refused.json.detail).toContain(why);
    expect(refused.text).not.toContain(CANARY);
    expect(refused.headers["cache-control"]).toBe("no-store");
  });

  it("ends with the secret, the session, a stop and the agent", async () => {
    const name = await store({ deliver: true, expires_at: "2026-11-21T05:00:00Z" });
    const bot = await agentWith(1);
    expect((await bot.deliver(name)).status).toBe(410);
    const open = await store({ deliver: true });
    expect((await bot.deliver(open)).status).toBe(200);
    const stop = { agent: bot.name, mode: "freeze", reason: "test" };
    await fixture.ask("POST", "/core/v1/stops", { body: stop });
    expect((await bot.deliver(open)).status).toBe(403);
    const other = await agentWith(1);
    await fixture.ask("DELETE", `/core/v1/sessions/${other.session}`);
    expect((await other.deliver(open)).json.detail).toContain("session has ended");
  });

  it("knows no session of another agent, and no viewer", async () => {
    const [one, two] = [await agentWith(1), await agentWith(1)];
    const name = await store({ deliver: true });
    expect((await one.deliver(name, two.key)).status).toBe(404);
    const viewer = { body: { name: `viewer-${(count += 1)}`, role: "viewer" } };
    const { key } = (await fixture.ask("POST", "/core/v1/keys", viewer)).json;
    expect((await one.deliver(name, key)).status).toBe(403);
  });
});

describe("another tenant", () => {
  it("has names and values of its own, and sees nothing of these", async () => {
    const body = { id: "acme", name: "Acme Ltd", plan: "enterprise" };
    const key = (await fixture.ask("POST", "/core/v1/tenants", { body })).json.admin_key;
    const name = await store({ deliver: true });
    for (const [method, path] of [
      ["GET", name],
      ["DELETE", name],
    ] as const) {
      expect((await fixture.ask(method, `${SECRETS}/${path}`, { key })).status).toBe(404);
    }
    expect((await fixture.ask("GET", SECRETS, { key })).json.items).toEqual([]);
    const own = { name, value: "value-of-acme", deliver: true };
    expect((await fixture.ask("POST", SECRETS, { key, body: own })).status).toBe(201);
    const bot = await agentWith(1);
    expect((await bot.deliver(name)).json.value).toBe(CANARY);
    expect((await bot.deliver(name, key)).status).toBe(404);
    const hook = { name: "all", target: "https://hooks.example.com/" };
    const made = await fixture.ask("POST", "/core/v1/subscriptions", { body: hook });
    const path = `/core/v1/subscriptions/${made.json.id}`;
    expect((await fixture.ask("GET", path, { key })).status).toBe(404);
    expect((await fixture.ask("GET", `${path}/deliveries`, { key })).status).toBe(404);
    expect((await fixture.ask("DELETE", path, { key })).status).toBe(404);
  });
});

describe("a value", () => {
  it("is nowhere at rest, whatever it is, and in no answer but its delivery", async () => {
    const bot = await agentWith(1);
    const values = fc.stringMatching(/^[!-~]{16,40}$/);
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const name = `prop-${(count += 1)}`;
        const path = `${SECRETS}/${name}`;
        const answers = [
          await fixture.ask("POST", SECRETS, { body: { name, value, deliver: true } }),
          await fixture.ask("POST", SECRETS, { body: { name, value } }),
          await fixture.ask("POST", SECRETS, { body: { name, value, extra: value } }),
          await fixture.ask("POST", `${path}/versions`, { body: { value: value.repeat(2) } }),
          await fixture.ask("POST", `${path}/rollback`, { body: { version: 1 } }),
          await fixture.ask("GET", path),
        ];
        for (const { text } of answers) expect(text.includes(value)).toBe(false);
        expect((await bot.deliver(name)).json.value).toBe(value);
        for (const file of readdirSync(fixture.directory, { recursive: true, encoding: "utf8" })) {
          const bytes = readAll(join(fixture.directory, file));
          for (const form of [value, btoa(value), Buffer.from(value).toString("hex")]) {
            expect(bytes.includes(form), file).toBe(false);
          }
        }
      }),
      { numRuns: 12 },
    );
    expect(fixture.failures).toEqual([]);
  });
});

function readAll(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
