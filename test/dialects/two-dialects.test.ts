/** One law, many doors: what one dialect makes, the other one meets. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call, openWallet, type Wallet } from "../support/sanction-wallet.ts";

let gate: SallyportProcess;
let wallet: Wallet;
/** The wallet's own, for the other API. */
let key = "";

const ask = async (path: string, body?: object) => {
  const { status, json } = await call(`${gate.manageUrl}${path}`, body, { "x-api-key": key });
  return { status, body: json };
};
const stats = async (): Promise<Record<string, unknown>> =>
  (await wallet.asAgent(`/wallets/stats?wallet_id=${wallet.id}`)).json;

beforeAll(async () => {
  gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
  wallet = await openWallet(gate, { daily_spend_usd: 500 });
  key = wallet.ownerKey;
  key = String((await ask("/v1/keys", { name: "haldir" })).body["key"]);
});
afterAll(() => gate[Symbol.asyncDispose]());

describe("Sanction and Haldir", () => {
  it("have one queue of questions: an approval of one resolves what the other escalated", async () => {
    const asked = await wallet.spend(30);
    expect(asked.json).toMatchObject({ status: "escalated" });
    const pending = await ask("/v1/approvals/pending");
    expect(pending.body).toMatchObject({
      count: 1,
      requests: [{ request_id: asked.json["request_id"], amount: 30, agent_id: "research-bot" }],
    });
    const approve = `/v1/approvals/${String(asked.json["request_id"])}/approve`;
    expect((await ask(approve, { decided_by: "ann" })).status).toBe(200);
    expect(await stats()).toMatchObject({ pending_approvals: 0 });
    expect((await wallet.spend(30)).json).toMatchObject({ authorized: true });
  });

  it("have one day's budget: a payment here is spent there", async () => {
    const before = await stats();
    const wish = { agent_id: "research-bot", spend_limit: 100 };
    const opened = await ask("/v1/sessions", wish);
    const payment = { session_id: opened.body["session_id"], amount: 20 };
    expect(await ask("/v1/payments/authorize", payment)).toMatchObject({
      status: 200,
      body: { authorized: true, remaining_budget: 80 },
    });
    const spent = ({ today }: Record<string, unknown>): number =>
      (today as { spend_usd: number }).spend_usd;
    await expect.poll(async () => spent(await stats())).toBe(spent(before) + 20);
    const paid = { ...payment, amount: 60 };
    // More than the wallet lets a transaction be, whatever the session could pay.
    expect((await ask("/v1/payments/authorize", paid)).status).toBe(403);
  });

  it("have one vault, and one trail", async () => {
    const secret = { name: "stripe_key", value: "s3cr3t-value" };
    expect((await ask("/v1/secrets", secret)).status).toBe(201);
    const issued = await wallet.asAgent("/exec", { scope: [secret.name], budget_usd: 5 });
    const token = { authorization: `Bearer ${String(issued.json["jwt"])}` };
    const url = `${gate.manageUrl}/api/v1/credentials/inject`;
    const given = await call(url, { credential_label: secret.name }, token);
    expect([given.status, given.json]).toMatchObject([200, { value: secret.value }]);
    const trail = await ask("/v1/audit?agent_id=research-bot");
    expect(trail.body["count"]).toBeGreaterThanOrEqual(4);
  });
});
