/** A wallet with an agent on a running gate, and calls in the documented form. */
import type { SallyportProcess } from "./sallyport-process.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // Bodies are compared, not used.
  readonly json: Record<string, unknown>;
}

type Ask = (path: string, body?: object, headers?: Record<string, string>) => Promise<Reply>;

export interface Wallet {
  readonly id: string;
  readonly ownerKey: string;
  readonly agentKey: string;
  readonly agent: string;
  /** As the agent: `x-api-key`. */
  readonly asAgent: Ask;
  /** As the owner: `x-mgmt-key`. */
  readonly asOwner: Ask;
  readonly spend: (
    amount: number,
    more?: object,
    headers?: Record<string, string>,
  ) => Promise<Reply>;
}

export async function call(
  url: string,
  body: object | undefined,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const reply = await fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return {
    status: reply.status,
    headers: reply.headers,
    json: text === "" ? {} : JSON.parse(text),
  };
}

/** `policy` as `POST /wallets` takes it. */
export async function openWallet(
  gate: Pick<SallyportProcess, "manageUrl">,
  policy: object = {},
  { prefix = "", operator }: { readonly prefix?: string; readonly operator?: string } = {},
): Promise<Wallet> {
  const root = `${gate.manageUrl}${prefix}/api/v1`;
  const wish = { name: "Acme", owner_email: "owner@acme.example", policy };
  const made = await call(
    `${root}/wallets`,
    wish,
    operator === undefined ? {} : { "x-mgmt-key": operator },
  );
  const ownerKey = String(made.json["management_key"]);
  const id = String(made.json["id"]);
  const owner = { "x-mgmt-key": ownerKey };
  const registered = await call(`${root}/agents`, { wallet_id: id, name: "Research Bot" }, owner);
  const agentKey = String(registered.json["api_key"]);
  const asAgent: Ask = (path, body, headers) =>
    call(`${root}${path}`, body, { "x-api-key": agentKey, ...headers });
  return {
    id,
    ownerKey,
    agentKey,
    agent: String(registered.json["id"]),
    asAgent,
    asOwner: (path, body, headers) => call(`${root}${path}`, body, { ...owner, ...headers }),
    spend: (amount, more = {}, headers = {}) =>
      asAgent("/authorize", { ...SPEND, amount_usd: amount, ...more }, headers),
  };
}

const SPEND = { action: "purchase", merchant: "Example Books", category: "software" };
