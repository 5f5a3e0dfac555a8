/** Keys, sessions, secrets and payments, and what they mean to traffic that does not come by here. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startHaldir, type HaldirClient } from "../support/haldir.ts";

const MODEL = "gpt-4o";
const OPENAI = `
version: 1
agents: ["*"]
rules:
  - { id: models, llm: { upstreams: [llm] }, effect: allow }
  - { id: web, http: { upstreams: [web] }, effect: allow }
`;

let llm: { readonly url: string; readonly calls: () => number; close(): void };
let haldir: HaldirClient;

/** An LLM that bills 1000 tokens in and 500 out: $0.0075; every other path gets its headers back. */
async function startLlm(): Promise<typeof llm> {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      if (request.url?.endsWith("/chat/completions") !== true) {
        return response.end(JSON.stringify({ authorization: request.headers.authorization ?? "" }));
      }
      calls += 1;
      const message = { role: "assistant", content: "hi" };
      return response.end(
        JSON.stringify({
          id: "c",
          object: "chat.completion",
          model: MODEL,
          choices: [{ index: 0, finish_reason: "stop", message }],
          usage: { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, calls: () => calls, close: () => server.close() };
}

beforeAll(async () => {
  llm = await startLlm();
  haldir = await startHaldir({
    config: `
upstreams:
  - { name: llm, wire: openai, url: "${llm.url}/v1", allow_private: true }
  - name: web
    url: "${llm.url}"
    allow_private: true
    credential: { ref: "vault://web_key" }
`,
    policies: { "all.yaml": OPENAI },
  });
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  llm.close();
});

const chat = (session: string): Promise<Response> =>
  fetch(`${haldir.gate.url}/llm/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-sallyport-key": haldir.key,
      "x-sallyport-session": session,
    },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 500,
      messages: [{ role: "user", content: "hello ".repeat(100) }],
    }),
  });

const check = async (session: string, scope: string): Promise<boolean> =>
  (await haldir.ask("POST", `/v1/sessions/${session}/check`, { scope })).body.allowed;

/** An outcome is on the record a moment after its answer. */
const spent = async (of: string) => (await haldir.ask("GET", `/v1/audit/spend?${of}`)).body;

describe("keys", () => {
  it("are made by a key, once the first one is there", async () => {
    expect(haldir.key).toMatch(/^hld_/);
    expect(await haldir.ask("POST", "/v1/keys", {}, { key: null })).toMatchObject({
      status: 401,
      body: { error: expect.any(String), code: "unauthenticated" },
    });
    const made = await haldir.ask("POST", "/v1/keys", { name: "ci", tier: "pro" });
    expect(made).toMatchObject({
      status: 201,
      body: { key: expect.stringMatching(/^hld_/), name: "ci", tier: "pro" },
    });
    expect(made.body.key.startsWith(made.body.prefix)).toBe(true);
    const other = { key: made.body.key };
    expect(await haldir.ask("GET", "/v1/secrets", undefined, other)).toMatchObject({ status: 200 });
    const byHeader = { key: null, headers: { "x-api-key": made.body.key } };
    expect(await haldir.ask("GET", "/v1/usage", undefined, byHeader)).toMatchObject({
      status: 200,
      body: { tenant_id: "default", month: expect.stringMatching(/^\d{4}-\d{2}$/), tier: "pro" },
    });
  });

  it("give the default name and tier where nobody names others", async () => {
    expect(await haldir.ask("POST", "/v1/keys")).toMatchObject({
      status: 201,
      body: { name: "default", tier: "free" },
    });
  });

  it("give the same answer to the same Idempotency-Key, and refuse another body", async () => {
    const headers = { "idempotency-key": "one" };
    const first = await haldir.ask("POST", "/v1/keys", { name: "once" }, { headers });
    const again = await haldir.ask("POST", "/v1/keys", { name: "once" }, { headers });
    expect(again.body).toEqual(first.body);
    expect((await haldir.ask("POST", "/v1/keys", { name: "two" }, { headers })).status).toBe(422);
  });
});

describe("a session", () => {
  it("has the documented defaults, is checked, revoked and gone", async () => {
    const made = await haldir.ask("POST", "/v1/sessions", { agent_id: "bot-1" });
    expect(made).toMatchObject({
      status: 201,
      body: {
        session_id: expect.stringMatching(/^ses_/),
        agent_id: "bot-1",
        scopes: ["read", "browse"],
        spend_limit: null,
        ttl: 3600,
        expires_at: expect.any(Number),
      },
    });
    const { session_id: session, expires_at: expires } = made.body;
    expect(Math.abs(expires - (Date.now() / 1000 + 3600))).toBeLessThan(60);
    expect([await check(session, "read"), await check(session, "write")]).toEqual([true, false]);
    expect((await haldir.ask("GET", `/v1/sessions/${session}`)).body).toMatchObject({
      spent: 0,
      remaining_budget: null,
      is_valid: true,
    });
    expect((await chat(session)).status).toBe(200);
    expect((await haldir.ask("DELETE", `/v1/sessions/${session}`)).body).toEqual({
      revoked: true,
      session_id: session,
    });
    expect(await check(session, "read")).toBe(false);
    expect((await haldir.ask("GET", `/v1/sessions/${session}`)).status).toBe(404);
    await expect.poll(async () => (await chat(session)).status).toBe(401);
  });

  it("reads scopes with what stands behind them", async () => {
    const wish = { agent_id: "bot-1", scopes: ["read:crm", "spend:50"] };
    const made = await haldir.ask("POST", "/v1/sessions", wish);
    expect(made.body).toMatchObject({ scopes: ["read", "spend"], spend_limit: 50 });
    expect(await check(made.body.session_id, "read:other")).toBe(true);
    const admin = await haldir.session({ scopes: ["admin"] });
    expect(await check(admin, "delete")).toBe(true);
    const strange = await haldir.ask("POST", "/v1/sessions", { agent_id: "b", scopes: ["f y"] });
    expect(strange).toMatchObject({ status: 400, body: { error: expect.stringMatching(/f y/) } });
  });

  it("binds what is metered on the data plane by its limit, and shows it in the spend", async () => {
    const session = await haldir.session({ agent_id: "spender", spend_limit: 0.02 });
    const before = llm.calls();
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await chat(session)).status);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses.at(-1)).toBe(400);
    expect(llm.calls() - before).toBe(2);
    const purse = async () => (await haldir.ask("GET", `/v1/sessions/${session}`)).body;
    await expect.poll(purse).toMatchObject({ spent: 0.015, remaining_budget: 0.005 });
    const expected = { total_usd: 0.015, by_agent: { spender: 0.015 } };
    await expect.poll(() => spent("agent_id=spender")).toMatchObject(expected);
  });
});

describe("a payment", () => {
  const pay = (session: string, amount: number, more = {}) =>
    haldir.ask("POST", "/v1/payments/authorize", { session_id: session, amount, ...more });

  it("is authorized up to the session's limit, also of many at once", async () => {
    const session = await haldir.session({ agent_id: "payer", spend_limit: 100 });
    expect(await pay(session, 40.5, { description: "books" })).toMatchObject({
      status: 200,
      body: { authorized: true, amount: 40.5, currency: "USD", remaining_budget: 59.5 },
    });
    const replies = await Promise.all(Array.from({ length: 10 }, () => pay(session, 9.5)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(6);
    expect(replies.find(({ status }) => status === 403)?.body).toMatchObject({
      authorized: false,
      amount: 9.5,
      reason: expect.stringMatching(/^Insufficient budget\. Remaining: \$.*requested: \$9\.5$/),
    });
    const expected = { total_usd: 97.5, by_tool: { authorize_spend: 97.5 } };
    await expect.poll(() => spent(`session_id=${session}`)).toMatchObject(expected);
    const { body } = await haldir.ask("GET", `/v1/audit?session_id=${session}&limit=1`);
    expect(body.entries[0]).toMatchObject({ agent_id: "payer", action: "payment" });
  });

  it("needs the scope to spend, dollars, an amount and a live session", async () => {
    const plain = await haldir.session();
    expect(await pay(plain, 1)).toMatchObject({ status: 403, body: { authorized: false } });
    const free = await haldir.session({ scopes: ["spend"] });
    expect(await pay(free, 5_000)).toMatchObject({
      status: 200,
      body: { authorized: true, remaining_budget: null },
    });
    expect(await pay(free, 1, { currency: "EUR" })).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/USD/) },
    });
    expect((await pay(free, 0)).status).toBe(400);
    expect((await pay("ses_none", 1)).status).toBe(401);
  });
});

describe("a secret", () => {
  const store = (name: string, scope?: string) =>
    haldir.ask("POST", "/v1/secrets", { name, value: "s3cr3t-value-1", scope_required: scope });
  const get = (name: string, session?: string) =>
    haldir.ask(
      "GET",
      `/v1/secrets/${name}${session === undefined ? "" : `?session_id=${session}`}`,
    );

  it("is given to sessions with its scope, and to nobody once it is deleted", async () => {
    expect(await store("stripe_key", "admin")).toMatchObject({
      status: 201,
      body: { stored: true, name: "stripe_key" },
    });
    const reader = await haldir.session({ scopes: ["read"] });
    const admin = await haldir.session({ scopes: ["admin"] });
    expect(await get("stripe_key", reader)).toMatchObject({ status: 403 });
    expect((await get("stripe_key", admin)).body).toEqual({
      name: "stripe_key",
      value: "s3cr3t-value-1",
    });
    expect((await get("stripe_key")).headers.get("cache-control")).toBe("no-store");
    expect((await get("stripe_key", "ses_none")).status).toBe(401);
    const list = await haldir.ask("GET", "/v1/secrets");
    expect(list.body).toMatchObject({ secrets: expect.arrayContaining(["stripe_key"]) });
    expect(JSON.stringify(list.body)).not.toContain("s3cr3t");
    expect((await haldir.ask("DELETE", "/v1/secrets/stripe_key")).body).toMatchObject({
      deleted: true,
    });
    expect((await get("stripe_key")).status).toBe(404);
  });

  it("needs the scope read where none is named", async () => {
    await store("plain");
    const writer = await haldir.session({ scopes: ["write"] });
    expect((await get("plain", writer)).status).toBe(403);
    expect((await get("plain", await haldir.session())).status).toBe(200);
  });

  it("is lent to an upstream once it is bound, and a new value goes there", async () => {
    await store("web_key");
    const binding = { origin: llm.url };
    const bound = await fetch(`${haldir.gate.manageUrl}/core/v1/secrets/web_key`, {
      method: "PATCH",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${haldir.key}`,
        "if-match": "*",
      },
      body: JSON.stringify({ binding }),
    });
    expect(bound.status).toBe(200);
    await haldir.ask("POST", "/v1/secrets", { name: "web_key", value: "s3cr3t-value-2" });
    const session = await haldir.session();
    const call = async (): Promise<string> => {
      const reply = await fetch(`${haldir.gate.url}/web/x`, {
        headers: { "x-sallyport-key": haldir.key, "x-sallyport-session": session },
      });
      return `${reply.status} ${await reply.text()}`;
    };
    await expect.poll(call).toMatch(/^200 .*Bearer/);
    expect(await call()).not.toContain("s3cr3t-value");
  });
});
