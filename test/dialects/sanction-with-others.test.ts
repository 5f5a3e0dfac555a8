/** One wallet behind several doors: what is done through one of them, the others see. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call, openWallet, type Reply, type Wallet } from "../support/sanction-wallet.ts";
import { openWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

let gate: SallyportProcess;
let receiver: WebhookReceiver;
let wallet: Wallet;
let haldirKey = "";

beforeAll(async () => {
  receiver = await openWebhookReceiver();
  gate = await startSallyport({
    config: "upstreams: []\nnotifications: { allow_private: true }\n",
    policies: {},
  });
  wallet = await openWallet(gate, { daily_spend_usd: 100, daily_token_usd: 1 });
  // The owner's own key opens no data plane: Stripe's keys look the same.
  const made = await call(`${gate.manageUrl}/v1/keys`, {}, bearer(wallet.ownerKey));
  haldirKey = String(made.json["key"]);
  const hook = { url: `${receiver.url}/hook`, events: ["budget_exhausted"] };
  expect((await haldir("/v1/webhooks", hook)).status).toBe(201);
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
/** Haldir's API with a key of its own in the same wallet. */
const haldir = (path: string, body?: object): Promise<Reply> =>
  call(`${gate.manageUrl}${path}`, body, bearer(haldirKey));
const statsOf = async ({ id, asOwner }: Wallet): Promise<Record<string, unknown>> =>
  (await asOwner(`/wallets/stats?wallet_id=${id}`)).json;
const issue = async (scope: readonly string[]): Promise<Reply> =>
  wallet.asAgent("/exec", { scope, budget_usd: 1 });

describe("a wallet and Haldir's API", () => {
  it("share reviews: an escalation that Haldir approves passes here", async () => {
    const { json } = await wallet.spend(30);
    const pending = await haldir("/v1/approvals/pending");
    expect(pending.json).toMatchObject({ count: 1 });
    const id = String(json["request_id"]);
    const said = { decided_by: "sterling", note: "ok" };
    expect((await haldir(`/v1/approvals/${id}/approve`, said)).status).toBe(200);
    expect(await statsOf(wallet)).toMatchObject({ pending_approvals: 0 });
    expect((await wallet.spend(30)).json).toMatchObject({ status: "approved" });
  });

  it("share money: a payment there lowers what is left here", async () => {
    const before = await statsOf(wallet);
    const opened = await haldir("/v1/sessions", { agent_id: wallet.agent, spend_limit: 50 });
    const session_id = opened.json["session_id"];
    const paid = await haldir("/v1/payments/authorize", { session_id, amount: 20 });
    expect(paid.json).toMatchObject({ authorized: true });
    expect(before).toMatchObject({ today: { spend_usd: 30 } });
    expect(await statsOf(wallet)).toMatchObject({ today: { spend_usd: 50 } });
    const over = await haldir("/v1/payments/authorize", { session_id, amount: 60 });
    expect(over.status).toBe(403);
  });

  it("share one vault: what is stored there is delivered here, within its terms", async () => {
    await haldir("/v1/secrets", { name: "shared", value: "of both", scope_required: "read" });
    await haldir("/v1/secrets", { name: "kept", value: "for admins", scope_required: "admin" });
    const { jwt } = (await issue(["shared"])).json;
    const given = await wallet.asAgent(
      "/credentials/inject",
      { credential_label: "shared" },
      bearer(String(jwt)),
    );
    expect(given.json).toMatchObject({ label: "shared", value: "of both" });
    expect(await issue(["kept"])).toMatchObject({ status: 403, json: { denied: ["kept"] } });
  });

  it("share notifications: a token budget that is used up is told once", async () => {
    const body = { model: "m", tokens_in: 1, tokens_out: 1, cost_usd: 1.5 };
    expect((await wallet.asAgent("/tokens", body)).status).toBe(402);
    expect((await wallet.asAgent("/tokens", body)).status).toBe(402);
    await expect.poll(() => receiver.received.length).toBe(1);
    expect(receiver.received[0]?.body).toContain("wallet-daily-tokens");
  });
});

describe("a clearance", () => {
  it("that an administrator gives is in force with the next call, and opens what asks for it", async () => {
    const headers = bearer(wallet.ownerKey);
    await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "cleared",
      type: "api_key",
      value: "for clearance three",
    });
    const amend = (path: string, change: object): Promise<Response> =>
      fetch(`${gate.manageUrl}/core/v1${path}`, {
        method: "PATCH",
        headers: { ...headers, "content-type": "application/json", "if-match": "*" },
        body: JSON.stringify(change),
      });
    expect((await amend("/secrets/cleared", { clearance_min: 3 })).status).toBe(200);
    expect((await issue(["cleared"])).status).toBe(403);
    expect((await amend(`/agents/${wallet.agent}`, { clearance: 3 })).status).toBe(200);
    expect(await issue(["cleared"])).toMatchObject({ status: 200, json: { clearance: 3 } });
    expect((await wallet.spend(1)).headers.get("x-autoflux-clearance")).toBe("3");
  });
});

describe("wallets", () => {
  it("are apart: another's keys, agents, reviews and tokens are nobody's here", async () => {
    const other = await openWallet(gate);
    const foreign = `/wallets/stats?wallet_id=${wallet.id}`;
    expect((await other.asAgent(foreign)).status).toBe(401);
    expect((await other.asOwner(foreign)).status).toBe(401);
    const { jti } = (await issue(["shared"])).json;
    const revoked = await other.asOwner("/exec/revoke", { wallet_id: other.id, jti });
    expect(revoked.status).toBe(404);
    expect((await other.asOwner(`/agents?wallet_id=${wallet.id}`)).status).toBe(401);
    expect((await other.asAgent("/exec", { scope: ["shared"], budget_usd: 1 })).status).toBe(403);
  });

  it("are made by operators only, once there are any", async () => {
    const first = await call(`${gate.manageUrl}/core/v1/bootstrap`, {});
    const body = { name: "Later", owner_email: "later@acme.example" };
    const make = (headers?: Record<string, string>): Promise<Reply> =>
      call(`${gate.manageUrl}/api/v1/wallets`, body, headers);
    expect((await make()).status).toBe(401);
    expect((await make({ "x-mgmt-key": wallet.ownerKey })).status).toBe(403);
    expect((await make({ "x-mgmt-key": String(first.json["key"]) })).status).toBe(201);
  });
});
