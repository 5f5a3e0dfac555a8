/** What is recorded, flagged, told of and counted. */
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type ToolServer,
} from "../support/haldir.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

const SOON = { timeout: 30_000 };

let server: ToolServer;
let receiver: WebhookReceiver;
let haldir: HaldirClient;
let secret = "";

beforeAll(async () => {
  server = await startToolServer();
  receiver = await openWebhookReceiver();
  haldir = await startHaldir({
    config: "upstreams: []\nnotifications: { allow_private: true }\n",
  });
  const hook = { url: `${receiver.url}/hook`, name: "ops", events: null };
  const made = await haldir.ask("POST", "/v1/webhooks", hook);
  expect(made).toMatchObject({
    status: 201,
    body: { registered: true, url: hook.url, events: ["all"] },
  });
  secret = made.body.secret;
  await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const log = (session: string, entry: Readonly<Record<string, unknown>>) =>
  haldir.ask("POST", "/v1/audit", { session_id: session, ...entry });
const told = (type: string) =>
  receiver.received.map(({ body }) => JSON.parse(body)).filter((event) => event.type === type);

describe("an entry of the audit trail", () => {
  it("is recorded with what was said, and found by it", async () => {
    const session = await haldir.session({ agent_id: "writer" });
    const entry = { tool: "mail", action: "send", details: "to ann", cost_usd: 0.25 };
    const logged = await log(session, entry);
    expect(logged).toMatchObject({
      status: 201,
      body: { logged: true, entry_id: expect.any(String), flagged: false, flag_reason: null },
    });
    const found = await haldir.ask("GET", "/v1/audit?agent_id=writer&tool=mail");
    expect(found.body).toMatchObject({
      count: 1,
      entries: [
        {
          ...entry,
          entry_id: logged.body.entry_id,
          session_id: session,
          agent_id: "writer",
          flagged: false,
          flag_reason: null,
          timestamp: expect.any(Number),
          entry_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    });
  });

  it("is flagged when it is dear, and its webhook is signed", async () => {
    const session = await haldir.session({ agent_id: "lavish" });
    expect((await log(session, { action: "buy", cost_usd: 100 })).body.flagged).toBe(false);
    const dear = await log(session, { action: "buy", cost_usd: 100.5 });
    expect(dear.body).toMatchObject({ flagged: true, flag_reason: expect.stringMatching(/\$100/) });
    await eventually(() => expect(told("anomaly")).toHaveLength(1));
    const [{ headers, body } = { headers: {}, body: "" }] = receiver.received;
    const signed = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(secret).verify(body, signed)).toMatchObject({
      type: "anomaly",
      data: { agent: "lavish", entry: dear.body.entry_id },
    });
    const {
      "x-haldir-timestamp": at,
      "x-haldir-signature": plain,
      "x-haldir-event": event,
    } = signed;
    const hmac = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
    expect([event, plain]).toEqual(["anomaly", `sha256=${hmac}`]);
    const spend = await haldir.ask("GET", "/v1/audit/spend?agent_id=lavish");
    expect(spend.body).toMatchObject({ total_usd: 200.5, action_count: 2 });
  });

  it("is flagged for a tool that the agent never used, once it is known", async () => {
    const session = await haldir.session({ agent_id: "habitual" });
    for (let i = 0; i < 20; i += 1) {
      expect((await log(session, { tool: "crm", action: "read" })).body.flagged).toBe(false);
    }
    expect((await log(session, { tool: "crm", action: "read" })).body.flagged).toBe(false);
    expect((await log(session, { tool: "bank", action: "read" })).body).toMatchObject({
      flagged: true,
      flag_reason: expect.stringMatching(/^unusual tool: bank/),
    });
    expect((await log(session, { tool: "bank", action: "read" })).body.flagged).toBe(false);
  });

  it("is flagged when there are too many in a minute, and only those are found by it", async () => {
    const session = await haldir.session({ agent_id: "hasty" });
    const flags: boolean[] = [];
    for (let i = 0; i < 70; i += 1) {
      flags.push((await log(session, { action: "poke" })).body.flagged);
    }
    expect([flags.indexOf(true), flags.lastIndexOf(false)]).toEqual([60, 59]);
    const { body } = await haldir.ask("GET", "/v1/audit?agent_id=hasty&flagged=true&limit=1000");
    expect(body.count).toBe(10);
    expect(body.entries[0]).toMatchObject({ flagged: true, flag_reason: /./ });
  });

  it("is of a live session only", async () => {
    expect((await log("ses_none", { action: "x" })).status).toBe(401);
  });
});

describe("a payment", () => {
  it("above $100 is flagged as it is made, and told of", async () => {
    const session = await haldir.session({ agent_id: "payer", spend_limit: 1_000 });
    for (const amount of [100, 150]) {
      const body = { session_id: session, amount };
      expect((await haldir.ask("POST", "/v1/payments/authorize", body)).status).toBe(200);
    }
    const flagged = () => haldir.ask("GET", "/v1/audit?agent_id=payer&flagged=true");
    await expect.poll(async () => (await flagged()).body.count, SOON).toBe(1);
    expect((await flagged()).body.entries[0]).toMatchObject({
      action: "payment",
      cost_usd: 150,
      flagged: true,
      flag_reason: "behaviour.high_cost",
    });
    const paid = () => told("anomaly").filter(({ data }) => data.agent === "payer");
    await eventually(() => expect(paid()).toHaveLength(1));
  });
});

describe("webhooks", () => {
  it("tell of approvals and of money that is used up, whichever door it happened at", async () => {
    await haldir.ask("POST", "/v1/approvals/rules", { type: "tool_blocked", tools: ["charge"] });
    const session = await haldir.session({ agent_id: "asker", spend_limit: 1 });
    const called = await haldir.ask("POST", "/v1/proxy/call", {
      tool: "charge",
      session_id: session,
    });
    const question = JSON.parse(called.body.content[0].text);
    await haldir.ask("POST", "/v1/payments/authorize", { session_id: session, amount: 2 });
    await eventually(() => {
      expect(told("approval_requested")).toHaveLength(1);
      expect(told("budget_exhausted")).toHaveLength(1);
    });
    expect(told("approval_requested")[0].data).toMatchObject({
      review: question.request_id,
      agent: "asker",
    });
    await eventually(async () => {
      const { webhooks } = (await haldir.ask("GET", "/v1/webhooks")).body;
      expect(webhooks).toMatchObject([
        { name: "ops", events: ["all"], active: true, fail_count: 0, signed: true },
      ]);
      expect(webhooks[0].fire_count).toBeGreaterThan(2);
      expect(JSON.stringify(webhooks)).not.toContain(secret);
    });
  });
});

describe("the metrics", () => {
  it("add up what was done", async () => {
    await haldir.ask("DELETE", `/v1/sessions/${await haldir.session()}`);
    const session = await haldir.session({ agent_id: "counted", spend_limit: 10 });
    await haldir.ask("POST", "/v1/payments/authorize", { session_id: session, amount: 3 });
    const look = async () => (await haldir.ask("GET", "/v1/metrics")).body;
    // An outcome is on the record a moment after its answer.
    await expect.poll(async () => (await look()).total_payments, SOON).toBe(3);
    const body = await look();
    expect(body).toMatchObject({
      total_api_keys: 1,
      flagged_actions: expect.any(Number),
      total_payment_volume_usd: 253,
      total_secrets: 0,
      pending_approvals: 1,
      total_approvals: 1,
      top_agents: { hasty: 70 },
      top_tools: { crm: 21 },
    });
    expect(body.flagged_actions).toBeGreaterThanOrEqual(12);
    expect(body.actions_today).toBe(body.total_actions);
    expect(body.unique_agents).toBeGreaterThanOrEqual(6);
    expect(body.active_sessions).toBeLessThan(body.total_sessions);
    expect(Object.values(body.usage_this_month)).toEqual([expect.any(Number)]);
  });
});

describe("a tier", () => {
  it("allows its requests of an hour, tells how it stands, and says when to come again", async () => {
    const { key } = (await haldir.ask("POST", "/v1/keys", { name: "small" })).body;
    const ask = () => haldir.ask("GET", "/v1/usage", undefined, { key });
    const first = await ask();
    expect(first.headers.get("x-ratelimit-limit")).toBe("100");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("99");
    for (let i = 1; i < 100; i += 1) expect((await ask()).status).toBe(200);
    const over = await ask();
    expect(over.status).toBe(429);
    expect(over.body).toMatchObject({ limit: 100, tier: "free", error: expect.any(String) });
    expect(over.body.retry_after).toBeGreaterThan(3_500);
    expect(over.headers.get("retry-after")).toBe(String(over.body.retry_after));
  });
});

describe("a rate limit", () => {
  it("lets so many calls of an agent through in a minute, and not one more", async () => {
    await haldir.ask("POST", "/v1/proxy/policies", { type: "rate_limit", max_per_minute: 30 });
    const session = await haldir.session({ agent_id: "quick" });
    const other = await haldir.session({ agent_id: "slow" });
    const call = (of: string) =>
      haldir.ask("POST", "/v1/proxy/call", { tool: "list_customers", session_id: of });
    const statuses: number[] = [];
    for (let i = 0; i < 30; i += 1) statuses.push((await call(session)).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    // None comes back before a minute is over, however long the others took.
    const refused = await call(session);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({
      isError: true,
      code: "rate_limited",
      content: [{ text: "Budget haldir-rate allows 30 calls in 60 s per agent." }],
    });
    expect(refused.headers.get("retry-after")).toBe("60");
    expect((await call(other)).status).toBe(200);
    const flagged = "/v1/audit?agent_id=quick&flagged=true";
    await expect
      .poll(async () => (await haldir.ask("GET", flagged)).body.entries[0]?.flag_reason, SOON)
      .toMatch(/behaviour\.rapid_fire/);
    const quick = () => told("anomaly").filter(({ data }) => data.agent === "quick");
    await eventually(() => expect(quick()[0]?.data.tool).toBe("list_customers"));
  });
});
