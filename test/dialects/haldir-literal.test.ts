/** What the document allows by naming no bound, as somebody sends it who reads it to the letter. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type ToolServer,
} from "../support/haldir.ts";

let server: ToolServer;
let haldir: HaldirClient;
beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir();
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const check = async (session: string, scope: string): Promise<boolean> =>
  (await haldir.ask("POST", `/v1/sessions/${session}/check`, { scope })).body.allowed;

describe("an agent's name", () => {
  it.each(["ai_agent:assistant", "Bot@acme", "b".repeat(128)])("may be %s", async (name) => {
    const session = await haldir.session({ agent_id: name });
    const logged = await haldir.ask("POST", "/v1/audit", { session_id: session, action: "look" });
    expect(logged.status).toBe(201);
    const query = `/v1/audit?agent_id=${encodeURIComponent(name)}`;
    expect((await haldir.ask("GET", query)).body).toMatchObject({
      count: 1,
      entries: [{ agent_id: name, session_id: session }],
    });
    const native = `/core/v1/agents/${encodeURIComponent(name)}`;
    expect((await haldir.ask("GET", native)).body).toMatchObject({ name });
  });
});

describe("a scope", () => {
  it("may be any word, which is checked as it was given", async () => {
    const scopes = ["read", "payments", "crm:read"];
    const made = await haldir.ask("POST", "/v1/sessions", { agent_id: "bot-1", scopes });
    expect(made).toMatchObject({ status: 201, body: { scopes } });
    const { session_id: session } = made.body;
    expect((await haldir.ask("GET", `/v1/sessions/${session}`)).body.scopes).toEqual(scopes);
    expect(await check(session, "payments")).toBe(true);
    expect(await check(session, "payments:small")).toBe(true);
    expect(await check(session, "crm:read")).toBe(true);
    expect(await check(session, "crm:write")).toBe(false);
    expect(await check(session, "crm")).toBe(false);
    expect(await check(session, "write")).toBe(false);
  });

  it("of that kind allows no call, and opens the secrets that ask for it", async () => {
    const secret = { name: "ledger_key", value: "a value", scope_required: "finance" };
    expect((await haldir.ask("POST", "/v1/secrets", secret)).status).toBe(201);
    const read = async (scopes: readonly string[]) => {
      const session = await haldir.session({ scopes });
      return haldir.ask("GET", `/v1/secrets/ledger_key?session_id=${session}`);
    };
    expect(await read(["finance"])).toMatchObject({ status: 200, body: { value: "a value" } });
    expect((await read(["admin"])).status).toBe(200);
    expect(await read(["read", "finances"])).toMatchObject({
      status: 403,
      body: { error: "The secret ledger_key needs a session with the scope finance." },
    });
    await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
    const call = {
      tool: "list_customers",
      session_id: await haldir.session({ scopes: ["tools"] }),
    };
    expect(await haldir.ask("POST", "/v1/proxy/call", call)).toMatchObject({
      status: 403,
      body: { isError: true, content: [{ text: expect.stringMatching(/scope read or execute/) }] },
    });
    expect(server.ran).toEqual([]);
  });

  it.each(["", "two words", "spend:much"])("is not %j", async (scope) => {
    const wish = { agent_id: "bot-1", scopes: [scope] };
    expect((await haldir.ask("POST", "/v1/sessions", wish)).status).toBe(400);
  });
});

describe("the audit trail", () => {
  it("takes a long description whole", async () => {
    const session = await haldir.session({ agent_id: "verbose" });
    const action = `looked at ${"everything ".repeat(50)}`.trim();
    await haldir.ask("POST", "/v1/audit", { session_id: session, action, details: "twice" });
    const [entry] = (await haldir.ask("GET", "/v1/audit?agent_id=verbose")).body.entries;
    expect(entry.action).toHaveLength(256);
    expect(entry.details).toBe(`${action}\ntwice`);
  });

  it.each([
    ["0", 0],
    ["1", 1],
    ["5000", 2],
  ])("gives no more entries than limit=%s", async (limit, count) => {
    const agent = `limited-${limit}`;
    const session = await haldir.session({ agent_id: agent });
    for (const action of ["a", "b"]) {
      await haldir.ask("POST", "/v1/audit", { session_id: session, action });
    }
    const found = await haldir.ask("GET", `/v1/audit?agent_id=${agent}&limit=${limit}`);
    expect(found).toMatchObject({ status: 200, body: { count } });
  });

  it("has no use in a month that never was", async () => {
    const usage = await haldir.ask("GET", "/v1/usage?month=2026-13");
    expect(usage).toMatchObject({ status: 200, body: { month: "2026-13", action_count: 0 } });
  });
});

describe("the metrics", () => {
  it("count agents, their sessions and their deeds, and not what is asked of an upstream", async () => {
    const before = (await haldir.ask("GET", "/v1/metrics")).body;
    await haldir.ask("POST", "/v1/proxy/upstreams", { name: "mall", url: server.url });
    const after = (await haldir.ask("GET", "/v1/metrics")).body;
    const { usage_this_month: _before, ...rest } = before;
    expect(after).toMatchObject(rest);
    const { count } = (await haldir.ask("GET", "/v1/secrets")).body;
    expect(after.total_secrets).toBe(count);
  });
});

describe("a body", () => {
  it.each(["text/plain", "application/x-www-form-urlencoded"])("is not %s", async (type) => {
    const reply = await fetch(`${haldir.gate.manageUrl}/v1/sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${haldir.key}`, "content-type": type },
      body: '{"agent_id":"bot-1"}',
    });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: expect.stringMatching(/application\/json/) });
  });

  it("that is wrong in several places is told of all", async () => {
    const logged = await haldir.ask("POST", "/v1/audit", { cost_usd: -1, details: 5 });
    expect(logged.body.error).toBe(
      "session_id: is required; action: is required; details: must be string; " +
        "cost_usd: must be >= 0",
    );
  });

  it("with a word that is none of the documented is told which are", async () => {
    const made = await haldir.ask("POST", "/v1/keys", { tier: "gold" });
    expect(made.body.error).toBe("tier: must be one of free, pro, enterprise");
  });
});

describe("a path", () => {
  it("that cannot be read is refused in the document's own words", async () => {
    const { status, body } = await haldir.ask("GET", "/v1/sessions/%ff");
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: "The path cannot be read.", code: "invalid" });
  });
});
