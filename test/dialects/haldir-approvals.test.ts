/** People's answers: asked for ahead of a call, given here or elsewhere, good for one call. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type ToolServer,
} from "../support/haldir.ts";

let server: ToolServer;
let haldir: HaldirClient;
let session = "";

beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir();
  await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
  await haldir.ask("POST", "/v1/approvals/rules", { type: "spend_over", threshold: 100 });
  session = await haldir.session({ agent_id: "asker", spend_limit: 1_000 });
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const request = async (wish: Readonly<Record<string, unknown>>) =>
  (await haldir.ask("POST", "/v1/approvals/request", { session_id: session, ...wish })).body;
const show = async (name: string) => (await haldir.ask("GET", `/v1/approvals/${name}`)).body;
const charge = (amount: number) =>
  haldir.ask("POST", "/v1/proxy/call", {
    tool: "charge",
    arguments: { amount },
    session_id: session,
  });

describe("an approval", () => {
  it("that was asked for ahead lets exactly that call pass, once", async () => {
    const asked = await request({
      tool: "charge",
      action: "charge the customer",
      amount: 250,
      reason: "invoice 7",
      details: "agreed by phone",
    });
    expect(asked).toMatchObject({ status: "pending", expires_at: expect.any(Number) });
    expect(Math.abs(asked.expires_at - (Date.now() / 1000 + 3_600))).toBeLessThan(60);
    expect(await show(asked.request_id)).toMatchObject({
      request_id: asked.request_id,
      status: "pending",
      agent_id: "asker",
      tool: "charge",
      action: "charge the customer",
      amount: 250,
      reason: "invoice 7",
      details: "agreed by phone",
      decided_by: null,
      decision_note: null,
    });
    await haldir.ask("POST", `/v1/approvals/${asked.request_id}/approve`, { decided_by: "ann" });
    expect((await charge(250)).body.content[0].text).toBe("did charge");
    expect((await charge(250)).body.content[0].text).toContain("approval_required");
    expect(await show(asked.request_id)).toMatchObject({ status: "approved", decided_by: "ann" });
  });

  it("that was denied stays denied", async () => {
    const { request_id: name } = await request({ tool: "charge", amount: 300 });
    const note = { decided_by: "bob", note: "too much" };
    expect(await haldir.ask("POST", `/v1/approvals/${name}/deny`, note)).toMatchObject({
      status: 200,
      body: { denied: true, request_id: name },
    });
    expect(await show(name)).toMatchObject({
      status: "denied",
      decided_by: "bob",
      decision_note: "too much",
    });
    expect(await charge(300)).toMatchObject({ status: 403, body: { isError: true } });
    expect((await haldir.ask("POST", `/v1/approvals/${name}/approve`)).status).toBe(400);
  });

  it("of a payment is answered in the native API, and then the payment passes", async () => {
    const pay = () =>
      haldir.ask("POST", "/v1/payments/authorize", { session_id: session, amount: 500 });
    const asked = await pay();
    expect(asked).toMatchObject({
      status: 403,
      body: { authorized: false, request_id: expect.stringMatching(/^rev_/) },
    });
    const word = await fetch(
      `${haldir.gate.manageUrl}/core/v1/reviews/${asked.body.request_id}/approve`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${haldir.key}`, "content-type": "application/json" },
        body: "{}",
      },
    );
    expect(word.status).toBe(200);
    expect(await pay()).toMatchObject({ status: 200, body: { authorized: true } });
  });

  it("that nobody gave in time is expired", async () => {
    const { request_id: name } = await request({ tool: "charge", amount: 400, ttl: 1 });
    await expect.poll(async () => (await show(name)).status).toBe("expired");
    expect((await haldir.ask("POST", `/v1/approvals/${name}/approve`)).status).toBe(400);
  });

  it("is not the agent's to give, nor to see of others", async () => {
    const manage = async (path: string, body: object) => {
      const reply = await fetch(`${haldir.gate.manageUrl}/core/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${haldir.key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return reply.json() as Promise<{ key: string }>;
    };
    const own = { key: (await manage("/keys", { name: "own", agent: "asker" })).key };
    const { request_id: name } = await request({ tool: "charge", amount: 700 });
    expect(await haldir.ask("GET", `/v1/approvals/${name}`, undefined, own)).toMatchObject({
      status: 200,
    });
    expect(await haldir.ask("POST", `/v1/approvals/${name}/approve`, {}, own)).toMatchObject({
      status: 403,
    });
    const rule = { type: "all" };
    expect((await haldir.ask("POST", "/v1/approvals/rules", rule, own)).status).toBe(403);
    expect((await haldir.ask("GET", "/v1/secrets", undefined, own)).status).toBe(403);
  });
});
