/** What Sanction's API promises holds for traffic through the gate, and what passes there it shows. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call, openWallet, type Reply, type Wallet } from "../support/sanction-wallet.ts";

const SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

let gate: SallyportProcess;
let upstream: RecordingUpstream;
let wallet: Wallet;

beforeAll(async () => {
  upstream = await startRecordingUpstream(async (request, response, body) => {
    const json = (value: unknown): void => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    if (request.url?.startsWith("/echo") === true) return json(request.headers);
    if (request.url === "/endless") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      return undefined;
    }
    const { model }: { model?: string } = JSON.parse(body.toString());
    const choices = [
      { index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" },
    ];
    const usage = { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 };
    return json({ id: "chatcmpl-1", object: "chat.completion", created: 1, model, choices, usage });
  });
  gate = await startSallyport({
    config: `upstreams:
  - { name: openai, wire: openai, url: "${upstream.url}", allow_private: true }
  - { name: anthropic, wire: anthropic, url: "${upstream.url}", allow_private: true }
  - { name: pay, wire: http, url: "${upstream.url}", allow_private: true, credential: { ref: "vault://stripe_key" } }
`,
    policies: {
      "http.yaml": `version: 1
agents: ["*"]
rules:
  - { id: pay, http: { upstreams: [pay] }, effect: allow }
`,
    },
  });
  wallet = await openWallet(gate);
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const PROMPT = { model: "gpt-4o", messages: [{ role: "user", content: "hello" }] };
const chat = (of: Wallet): Promise<Reply> =>
  call(`${gate.url}/openai/v1/chat/completions`, PROMPT, { "x-sallyport-key": of.agentKey });
const statsOf = async (of: Wallet): Promise<Record<string, unknown>> =>
  (await of.asAgent(`/wallets/stats?wallet_id=${of.id}`)).json;

/** The native API with the owner's key. */
const asOwner = ({ ownerKey }: Wallet, path: string): Promise<Reply> =>
  call(`${gate.manageUrl}/core/v1${path}`, undefined, { authorization: `Bearer ${ownerKey}` });

describe("a model's call through the gate", () => {
  it("is in the wallet's stats, to the cent, and on the ledger under the id it answered with", async () => {
    const metered = await openWallet(gate);
    const { status, headers, json } = await chat(metered);
    expect([status, json["id"]]).toEqual([200, "chatcmpl-1"]);
    expect(await statsOf(metered)).toMatchObject({
      today: { token_cost_usd: 0.0075, tokens_in: 1000, tokens_out: 500, spend_usd: 0 },
      month: { token_cost_usd: 0.0075, spend_usd: 0 },
      pending_approvals: 0,
    });
    const exchange = headers.get("x-sallyport-exchange") ?? "";
    const recorded = await asOwner(metered, `/ledger/${exchange}`);
    expect(recorded.json).toMatchObject({ items: [{ kind: "intent" }, { kind: "outcome" }] });
  });

  it("is refused before the provider hears of it once the day's tokens are used up", async () => {
    const poor = await openWallet(gate, { daily_token_usd: 0.0075 });
    const logged = { model: "gpt-4o", tokens_in: 1000, tokens_out: 500, cost_usd: 0.0075 };
    expect((await poor.asAgent("/tokens", logged)).status).toBe(200);
    const before = upstream.requests.length;
    const anthropic = await call(
      `${gate.url}/anthropic/v1/messages`,
      { ...PROMPT, model: "claude-sonnet-4-5", max_tokens: 10 },
      { "x-sallyport-key": poor.agentKey },
    );
    expect([anthropic.status, anthropic.json]).toMatchObject([402, { code: "budget_exceeded" }]);
    const openai = await chat(poor);
    expect([openai.status, openai.json]).toMatchObject([402, { code: "budget_exceeded" }]);
    expect(openai.headers.get("x-should-retry")).toBe("false");
    expect(upstream.requests.length).toBe(before);
  });
});

describe("reported tokens", () => {
  it("are charged to the cent, and refused unrecorded past the limit", async () => {
    const logging = await openWallet(gate);
    const log = (cost_usd: number): Promise<Reply> =>
      logging.asAgent("/tokens", { model: "gpt-4o", tokens_in: 10, tokens_out: 5, cost_usd });
    expect((await log(9.99)).json).toMatchObject({ recorded: true, cost_usd: 9.99 });
    const over = await log(0.02);
    expect(over.status).toBe(402);
    expect(over.json).toMatchObject({
      error: "Daily token budget exceeded",
      daily_limit_usd: 10,
      daily_spent_usd: 9.99,
    });
    expect((await log(0.01)).status).toBe(200);
    expect(await statsOf(logging)).toMatchObject({
      today: { token_cost_usd: 10, tokens_in: 20, tokens_out: 10, spend_usd: 0 },
    });
  });

  it("fit exactly as often as they fit, however many come at once", async () => {
    const busy = await openWallet(gate, { daily_token_usd: 1 });
    const body = { model: "m", tokens_in: 1, tokens_out: 1, cost_usd: 0.1 };
    const replies = await Promise.all(
      Array.from({ length: 25 }, () => busy.asAgent("/tokens", body)),
    );
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(replies.filter(({ status }) => status === 402)).toHaveLength(15);
  });

  it.each([{ tokens_in: -1 }, { cost_usd: -0.01 }, { tokens_out: 1.5 }, { model: 7 }])(
    "are refused as %j",
    async (wrong) => {
      const body = { model: "gpt-4o", tokens_in: 1, tokens_out: 1, cost_usd: 0.01, ...wrong };
      expect((await wallet.asAgent("/tokens", body)).status).toBe(400);
    },
  );
});

describe("a credential of the vault", () => {
  it("is lent to the upstream it is bound to, and comes back to nobody", async () => {
    const stored = await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "stripe_key",
      type: "api_key",
      value: SECRET,
    });
    expect(stored.status).toBe(201);
    const headers = {
      authorization: `Bearer ${wallet.ownerKey}`,
      "content-type": "application/json",
    };
    const bound = await fetch(`${gate.manageUrl}/core/v1/secrets/stripe_key`, {
      method: "PATCH",
      headers: { ...headers, "if-match": "*" },
      body: JSON.stringify({ binding: { origin: upstream.url } }),
    });
    expect([bound.status, await bound.text()]).toMatchObject([200, expect.any(String)]);
    const borrow = () =>
      fetch(`${gate.url}/pay/echo`, { headers: { "x-sallyport-key": wallet.agentKey } });
    // The gate looks at the vault once a second.
    await expect.poll(async () => (await borrow()).status).toBe(200);
    const text = await (await borrow()).text();
    const seen = upstream.requests.at(-1);
    expect(seen?.headers["authorization"]).toBe(`Bearer ${SECRET}`);
    expect(JSON.stringify(seen?.rawHeaders)).not.toContain(wallet.agentKey);
    expect(text).not.toContain(SECRET);
    expect(gate.output()).not.toContain(SECRET);
    const again = await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "stripe_key",
      type: "api_key",
      value: `${SECRET}2`,
    });
    expect(again.status).toBe(201);
    await expect
      .poll(async () => {
        await borrow();
        return upstream.requests.at(-1)?.headers["authorization"];
      })
      .toBe(`Bearer ${SECRET}2`);
  });
});

describe("an execution", () => {
  const issue = (of: Wallet, more: object = {}): Promise<Reply> =>
    of.asAgent("/exec", { scope: ["stripe_key"], budget_usd: 20, ...more });
  const inject = (jwt: unknown, label = "stripe_key"): Promise<Reply> =>
    call(
      `${gate.manageUrl}/api/v1/credentials/inject`,
      { credential_label: label },
      {
        authorization: `Bearer ${String(jwt)}`,
      },
    );

  beforeAll(async () => {
    await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "other_key",
      type: "password",
      value: "correct horse battery",
    });
  });

  it("is given what its scope names, once it is on the ledger, and never from a cache", async () => {
    const { status, json } = await issue(wallet);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      clearance: 1,
      scope: ["stripe_key"],
      budget_usd: 20,
      ttl_seconds: 900,
      jti: expect.stringMatching(/^ses_/u),
    });
    const given = await inject(json["jwt"]);
    expect(given.status).toBe(200);
    expect(given.headers.get("cache-control")).toBe("no-store");
    expect(given.json).toMatchObject({
      label: "stripe_key",
      type: "api_key",
      value: `${SECRET}2`,
      expires_at: json["expires_at"],
    });
    expect((await inject(json["jwt"], "other_key")).status).toBe(403);
    const changes = await asOwner(wallet, "/ledger?kind=change&limit=100");
    const actions = (changes.json["items"] as { action: string }[]).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["secret.stored", "secret.delivered"]));
  });

  it("is not issued for labels that are not there or not for this agent", async () => {
    expect(await issue(wallet, { scope: ["stripe_key", "nothing"] })).toMatchObject({
      status: 403,
      json: { denied: ["nothing"] },
    });
    await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "reserved",
      type: "api_key",
      value: "of somebody else",
      allowed_agent_ids: ["another-agent"],
    });
    expect((await issue(wallet, { scope: ["reserved"] })).json).toMatchObject({
      denied: ["reserved"],
    });
  });

  it.each([{ ttl_seconds: 59 }, { ttl_seconds: 3601 }, { scope: [] }, { budget_usd: 0 }])(
    "is refused with 400 as %j",
    async (wrong) => expect((await issue(wallet, wrong)).status).toBe(400),
  );

  it("finds a secret gone: 404, and an expired one: 410", async () => {
    await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "brief",
      type: "license",
      value: "for a moment",
    });
    const { json } = await issue(wallet, { scope: ["brief"] });
    const owner = { authorization: `Bearer ${wallet.ownerKey}` };
    await wallet.asOwner("/credentials/vault", {
      wallet_id: wallet.id,
      label: "brief",
      type: "license",
      value: "for a moment",
      expires_at: "2020-01-01T00:00:00Z",
    });
    expect((await inject(json["jwt"], "brief")).status).toBe(410);
    await fetch(`${gate.manageUrl}/core/v1/secrets/brief`, { method: "DELETE", headers: owner });
    expect((await inject(json["jwt"], "brief")).status).toBe(404);
  });

  it("spends no more than its own budget, whatever the wallet still holds", async () => {
    const { json } = await issue(wallet, { budget_usd: 5 });
    const run = { authorization: `Bearer ${String(json["jwt"])}` };
    expect((await wallet.spend(4, {}, run)).json).toMatchObject({ status: "approved" });
    const over = await wallet.spend(4, {}, run);
    expect([over.status, over.json["code"]]).toEqual([403, "POLICY_DENIED"]);
    const stranger = await openWallet(gate);
    expect((await stranger.spend(1, {}, run)).status).toBe(403);
  });

  it("ends at once when it is revoked: tokens, credentials and what runs", async () => {
    const { json } = await issue(wallet);
    const { jwt, jti } = json;
    const running = await fetch(`${gate.url}/pay/endless`, {
      headers: { "x-sallyport-key": String(jwt) },
    });
    const reader = running.body?.getReader();
    await reader?.read();
    const revoke = (): Promise<Reply> =>
      wallet.asOwner("/exec/revoke", { wallet_id: wallet.id, jti });
    expect(await revoke()).toMatchObject({ status: 200, json: { jti, status: "revoked" } });
    expect((await revoke()).status).toBe(404);
    expect((await inject(jwt)).status).toBe(401);
    await expect(drained(reader)).rejects.toThrow();
    const after = await fetch(`${gate.url}/pay/echo`, {
      headers: { "x-sallyport-key": String(jwt) },
    });
    expect(after.status).toBe(401);
  });
});

async function drained(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) return;
  }
}
