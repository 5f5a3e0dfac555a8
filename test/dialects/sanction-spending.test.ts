/** The ladder of spend authorization, on a running gate. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call, openWallet, type Wallet } from "../support/sanction-wallet.ts";

let gate: SallyportProcess;
let wallet: Wallet;

beforeAll(async () => {
  gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
});
afterAll(() => gate[Symbol.asyncDispose]());

const statsOf = async ({ id, asAgent }: Wallet): Promise<Record<string, unknown>> =>
  (await asAgent(`/wallets/stats?wallet_id=${id}`)).json;

describe("a wallet with the documented defaults", () => {
  beforeAll(async () => {
    wallet = await openWallet(gate);
  });

  it("approves what is within all limits", async () => {
    const { status, headers, json } = await wallet.spend(10);
    expect(status).toBe(200);
    expect(headers.get("x-autoflux-clearance")).toBe("1");
    expect(json).toEqual({
      authorized: true,
      status: "approved",
      reason: "Auto-approved by policy",
      request_id: expect.stringMatching(/^exc_/u),
      agent: "Research Bot",
      amount_usd: 10,
      merchant: "Example Books",
    });
  });

  it("denies a blocked category, whatever its case, before it looks at the amount", async () => {
    for (const category of ["gambling", "Gambling"]) {
      const { status, json } = await wallet.spend(60, { category });
      expect([status, json["code"]]).toEqual([403, "CATEGORY_BLOCKED"]);
    }
  });

  it("denies more than one transaction may be, with a body that has both shapes", async () => {
    const { status, headers, json } = await wallet.spend(60);
    expect(status).toBe(403);
    expect(headers.get("x-autoflux-clearance")).toBe("1");
    expect(json).toMatchObject({
      authorized: false,
      status: "denied",
      code: "PER_TXN_LIMIT",
      amount_usd: 60,
      reason: json["error"],
      remediation: expect.any(String),
    });
  });

  it("denies what the day does not hold, before it asks anybody", async () => {
    expect((await wallet.spend(20)).status).toBe(200);
    const before = await statsOf(wallet);
    const { status, json } = await wallet.spend(30);
    expect([status, json["code"]]).toEqual([403, "DAILY_BUDGET_EXCEEDED"]);
    expect((await wallet.spend(20)).status).toBe(200);
    expect((await wallet.spend(0.01)).json["code"]).toBe("DAILY_BUDGET_EXCEEDED");
    expect(before).toMatchObject({ pending_approvals: 0, today: { spend_usd: 30 } });
    expect(await statsOf(wallet)).toMatchObject({
      today: { spend_usd: 50 },
      month: { spend_usd: 50 },
      pending_approvals: 0,
    });
  });

  it.each([
    [{ amount_usd: 0 }, "amount_usd"],
    [{ amount_usd: "10" }, "amount_usd"],
    [{ action: "donate" }, "action"],
    [{ currency: "EUR" }, "currency"],
    [{ merchant: undefined }, "merchant"],
  ])("refuses %j with 400 and says where", async (wrong, where) => {
    const { status, json } = await wallet.spend(10, wrong);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      error: "Invalid request",
      reason: expect.stringContaining(where),
    });
  });
});

describe("what a person must see", () => {
  let asking: Wallet;
  const approve = (id: unknown): Promise<{ status: number }> =>
    call(
      `${gate.manageUrl}/core/v1/reviews/${String(id)}/approve`,
      {},
      {
        authorization: `Bearer ${asking.ownerKey}`,
      },
    );

  beforeAll(async () => {
    asking = await openWallet(gate, { daily_spend_usd: 500 });
  });

  it("is escalated, then pending, then passes once when it was approved", async () => {
    const first = await asking.spend(30);
    expect(first.status).toBe(200);
    expect(first.json).toMatchObject({
      authorized: false,
      status: "escalated",
      code: "ESCALATION_REQUIRED",
      request_id: expect.stringMatching(/^rev_/u),
    });
    const again = await asking.spend(30);
    const review = first.json["request_id"];
    expect(again.json).toMatchObject({ status: "pending", request_id: review });
    expect(await statsOf(asking)).toMatchObject({ pending_approvals: 1, today: { spend_usd: 0 } });

    expect((await approve(review)).status).toBe(200);
    expect(await statsOf(asking)).toMatchObject({ pending_approvals: 0 });
    expect((await asking.spend(30)).json).toMatchObject({ authorized: true, status: "approved" });
    expect(await statsOf(asking)).toMatchObject({ today: { spend_usd: 30 } });
    const told = await asking.spend(30, { request_id: review });
    expect(told.json).toMatchObject({ status: "approved", request_id: review });
    expect(await statsOf(asking)).toMatchObject({ today: { spend_usd: 30 } });
    expect((await asking.spend(30)).json).toMatchObject({ status: "escalated" });
  });

  it("under one Idempotency-Key shows the outcome, and then the same for ever", async () => {
    const key = { "idempotency-key": "order-7" };
    const first = await asking.spend(31, {}, key);
    expect(first.json).toMatchObject({ status: "escalated" });
    expect((await asking.spend(31, {}, key)).json).toMatchObject({ status: "pending" });
    await approve(first.json["request_id"]);
    const passed = await asking.spend(31, {}, key);
    expect(passed.json).toMatchObject({ status: "approved" });
    const replayed = await asking.spend(31, {}, key);
    expect(replayed.json).toEqual(passed.json);
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
    expect((await asking.spend(32, {}, key)).status).toBe(422);
  });

  it("is denied for good when the person said no", async () => {
    const { json } = await asking.spend(33);
    const review = String(json["request_id"]);
    await call(
      `${gate.manageUrl}/core/v1/reviews/${review}/deny`,
      { note: "not this one" },
      {
        authorization: `Bearer ${asking.ownerKey}`,
      },
    );
    const denied = await asking.spend(33);
    expect(denied.status).toBe(403);
    expect(denied.json).toMatchObject({
      status: "denied",
      code: "POLICY_DENIED",
      request_id: review,
    });
  });
});

describe("a wallet whose policy was taken away", () => {
  it("spends nothing", async () => {
    const bare = await openWallet(gate);
    const headers = {
      authorization: `Bearer ${bare.ownerKey}`,
      "content-type": "application/json",
    };
    const gone = await fetch(`${gate.manageUrl}/core/v1/policies/bundles/wallet`, {
      method: "DELETE",
      headers: { authorization: headers.authorization },
    });
    expect(gone.status).toBe(204);
    await expect
      .poll(async () => (await bare.spend(1)).json)
      .toMatchObject({ status: "denied", code: "NO_POLICY" });
  });
});
