/**
 * One request of every operation with the answer it gets, literally: what a client of the document
 * sees. Values that are made anew each time stand as `<name>`. `vitest -u` writes the file again.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call } from "../support/sanction-wallet.ts";

let gate: SallyportProcess;

beforeAll(async () => {
  gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
});
afterAll(() => gate[Symbol.asyncDispose]());

type Credential = "nobody" | "owner" | "agent" | "execution";

const SPEND = { action: "purchase", merchant: "Example Books", category: "software" };
const TOKENS = { model: "gpt-4o", tokens_in: 1000, tokens_out: 500 };
const VAULT = {
  wallet_id: "$wallet",
  label: "stripe_key",
  type: "api_key",
  value: "sk_live_example",
};

/** `$wallet`, `$jti` and the credentials are those made before. */
const STEPS: readonly (readonly [by: Credential, request: string, body?: object])[] = [
  ["nobody", "POST /wallets", { name: "Acme", owner_email: "owner@acme.example" }],
  ["nobody", "POST /wallets", { name: "" }],
  ["owner", "POST /agents", { wallet_id: "$wallet", name: "Research Bot" }],
  ["owner", "POST /agents", { wallet_id: "another", name: "Research Bot" }],
  ["owner", "GET /agents?wallet_id=$wallet"],
  ["owner", "POST /credentials/vault", { ...VAULT, scopes: ["charges"] }],
  ["owner", "GET /credentials/vault?wallet_id=$wallet"],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 10 }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 30 }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 30 }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 45 }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 60 }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 10, category: "gambling" }],
  ["agent", "POST /authorize", { ...SPEND, amount_usd: 0 }],
  ["nobody", "POST /authorize", { ...SPEND, amount_usd: 10 }],
  ["agent", "POST /tokens", { ...TOKENS, cost_usd: 0.0075, task: "summaries" }],
  ["agent", "POST /tokens", { ...TOKENS, cost_usd: 10 }],
  ["agent", "POST /exec", { scope: ["stripe_key"], budget_usd: 5, container_id: "job-7" }],
  ["agent", "POST /exec", { scope: ["nothing"], budget_usd: 5 }],
  ["execution", "POST /credentials/inject", { credential_label: "stripe_key" }],
  ["execution", "POST /credentials/inject", { credential_label: "nothing" }],
  ["agent", "GET /wallets/stats?wallet_id=$wallet"],
  ["agent", "GET /wallets/stats?wallet_id=another"],
  ["agent", "GET /wallets/stats"],
  ["owner", "POST /exec/revoke", { wallet_id: "$wallet", jti: "$jti" }],
  ["owner", "POST /exec/revoke", { wallet_id: "$wallet", jti: "$jti" }],
  ["execution", "POST /credentials/inject", { credential_label: "stripe_key" }],
  ["nobody", "GET /wallets/nothing"],
];

const MADE: readonly (readonly [RegExp, string])[] = [
  [/"jwt":"[^"]+"/gu, '"jwt":"<jwt>"'],
  [/\b(sk|pxy)_[\w-]{20,}/gu, "<$1 key>"],
  [/"(management_key_prefix|api_key_prefix|apiKeyPrefix)":"[^"]+"/gu, '"$1":"<prefix>"'],
  [/\b(wal|ses|rev|req|exc|evt)_[0-9a-z]{26}\b/gu, "<$1>"],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, "<time>"],
];

it("answers as it always did", async () => {
  const known = new Map([["$wallet", ""]]);
  const shown = new Map<Credential, Record<string, string>>([["nobody", {}]]);
  const filled = (text: string): string =>
    [...known].reduce((done, [name, value]) => done.replaceAll(name, value), text);
  const seen: string[] = [];
  for (const [by, request, body] of STEPS) {
    const [method, path = ""] = filled(request).split(" ");
    const sent = body && JSON.parse(filled(JSON.stringify(body)));
    const reply = await call(`${gate.manageUrl}/api/v1${path}`, sent, shown.get(by));
    expect(sent === undefined ? "GET" : "POST").toBe(method);
    const { id, management_key: ownerKey, api_key: agentKey, jwt, jti } = reply.json;
    if (typeof ownerKey === "string") {
      known.set("$wallet", String(id));
      shown.set("owner", { "x-mgmt-key": ownerKey });
    }
    if (typeof agentKey === "string") shown.set("agent", { "x-api-key": agentKey });
    if (typeof jwt === "string") {
      known.set("$jti", String(jti));
      shown.set("execution", { authorization: `Bearer ${jwt}` });
    }
    const clearance = reply.headers.get("x-autoflux-clearance");
    const head = [`# ${by}: ${request}`, ...(body === undefined ? [] : [JSON.stringify(body)])];
    const status =
      clearance === null ? `${reply.status}` : `${reply.status} clearance ${clearance}`;
    const text = MADE.reduce(
      (done, [made, name]) => done.replace(made, name),
      JSON.stringify(reply.json),
    );
    seen.push([...head, status, text].join("\n"));
  }
  await expect(`${seen.join("\n\n")}\n`).toMatchFileSnapshot("sanction.golden");
});
