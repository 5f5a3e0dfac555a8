/**
 * What a dialect's call costs beside the native call that does the same: CPU time of the gate, and
 * wall time, of both in turn, one after the other on one connection. Judged by the CPU: wall time is
 * that of other people's work, too, and of the disk. Payments and tools are two native calls:
 * one to the management listener, which looks the session or the tool up, and one to the data plane.
 * Fails above 1.5 times.
 *
 * `node test/bench/dialect-calls.ts [--calls=400] [--only=pay]`
 */
import { Agent, request } from "undici";
import { cpuUs } from "./process-stats.ts";
import { startHaldir, startToolServer } from "../support/haldir.ts";
import { openWallet } from "../support/sanction-wallet.ts";

const FACTOR_MAX = 1.5;
const ROUNDS = 8;
const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const calls = Number(option("calls") ?? 400);
/** Of which calls, by a part of their names. */
const only = option("only") ?? "";

interface Call {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Pair {
  readonly name: string;
  /** Several are taken in turn. */
  readonly dialect: Call | readonly Call[];
  /** Several, where one request of the dialect does what natively are two. */
  readonly native: readonly Call[];
}

const agent = new Agent({ connections: 1 });

interface Cost {
  wallMs: number;
  /** Of the gate's process. */
  cpuMs: number;
}

/** What `count` of them cost, on top of what did before. */
async function timed(
  sequence: (i: number) => readonly Call[],
  count: number,
  cost: Cost,
): Promise<void> {
  const began = performance.now();
  const used = cpuUs(pids);
  for (let i = 0; i < count; i += 1) for (const call of sequence(i)) await make(call);
  cost.wallMs += performance.now() - began;
  cost.cpuMs += (cpuUs(pids) - used) / 1000;
}

async function make({ method, url, body, headers = {} }: Call): Promise<void> {
  const options = { method, headers, dispatcher: agent, ...(body !== undefined && { body }) };
  const reply = await request(url, options);
  const text = await reply.body.text();
  if (reply.statusCode >= 300) throw new Error(`${method} ${url}: ${reply.statusCode} ${text}`);
}

/** Both in turn, so that a slow minute of the machine is slow for both. */
async function compare({ name, dialect, native }: Pair): Promise<number> {
  const count = Math.max(1, Math.ceil(calls / ROUNDS));
  const turns = [dialect].flat();
  const inDialect = (i: number): readonly Call[] => turns.slice(i % turns.length).slice(0, 1);
  const natively = (): readonly Call[] => native;
  const warm: Cost = { wallMs: 0, cpuMs: 0 };
  await timed(inDialect, count, warm);
  await timed(natively, count, warm);
  const ours: Cost = { wallMs: 0, cpuMs: 0 };
  const theirs: Cost = { wallMs: 0, cpuMs: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    await timed(inDialect, count, ours);
    await timed(natively, count, theirs);
  }
  const each = (total: number): string => (total / (count * ROUNDS)).toFixed(2);
  const ratio = ours.cpuMs / Math.max(theirs.cpuMs, 1);
  const cpu = `CPU ${each(ours.cpuMs)} ms  native ${each(theirs.cpuMs)} ms  × ${ratio.toFixed(2)}`;
  const wall = `wall ${each(ours.wallMs)} ms  native ${each(theirs.wallMs)} ms`;
  process.stdout.write(`${name.padEnd(24)} ${cpu}   ${wall}\n`);
  return ratio;
}

await using server = await startToolServer();
const haldir = await startHaldir();
const { gate, key } = haldir;
const pids = [gate.child.pid ?? 0];
await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
const session = await haldir.session({ scopes: ["admin"], spend_limit: 1_000_000 });
await haldir.ask("POST", "/v1/secrets", { name: "one", value: "a value" });

const json = { authorization: `Bearer ${key}`, "content-type": "application/json" };
const get = (path: string): Call => ({
  method: "GET",
  url: `${gate.manageUrl}${path}`,
  headers: { authorization: json.authorization },
});
const post = (path: string, body: object): Call => ({
  method: "POST",
  url: `${gate.manageUrl}${path}`,
  headers: json,
  body: JSON.stringify(body),
});
/** A tool as an agent calls it: on the data plane. */
const tool = (upstream: string, name: string, args: object): Call => ({
  method: "POST",
  url: `${gate.url}/mcp/${upstream}`,
  headers: {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": name,
    "x-sallyport-key": key,
    "x-sallyport-session": session,
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name,
      arguments: args,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
      },
    },
  }),
});

/** So many that none is flagged, and told of, for its reports in a minute. */
const reporters = await Promise.all(
  Array.from({ length: 32 }, (_, i) => haldir.session({ agent_id: `reporter-${i}` })),
);

const PAIRS: readonly Pair[] = [
  {
    name: "haldir: open a session",
    dialect: post("/v1/sessions", { agent_id: "bot-1" }),
    native: [post("/core/v1/sessions", { agent: "bot-1" })],
  },
  {
    name: "haldir: check a scope",
    dialect: post(`/v1/sessions/${session}/check`, { scope: "read" }),
    native: [get(`/core/v1/sessions/${session}`)],
  },
  {
    name: "haldir: store a secret",
    dialect: post("/v1/secrets", { name: "one", value: "another" }),
    native: [post("/core/v1/secrets/one/versions", { value: "another" })],
  },
  {
    name: "haldir: list secrets",
    dialect: get("/v1/secrets"),
    native: [get("/core/v1/secrets")],
  },
  {
    name: "haldir: report a deed",
    dialect: reporters.map((one) =>
      post("/v1/audit", { session_id: one, action: "read", tool: "crm" }),
    ),
    native: [post("/core/v1/ledger/entries", { action: "read", agent: "bot-1", tool: "crm" })],
  },
  {
    name: "haldir: read the trail",
    dialect: get("/v1/audit?limit=100"),
    native: [get("/core/v1/ledger?limit=100")],
  },
  {
    name: "haldir: pay",
    dialect: post("/v1/payments/authorize", { session_id: session, amount: 0.01 }),
    native: [
      get(`/core/v1/sessions/${session}`),
      tool("sallyport", "authorize_spend", { amount: 0.01, currency: "USD", payee: "x" }),
    ],
  },
  {
    name: "haldir: call a tool",
    dialect: post("/v1/proxy/call", { session_id: session, tool: "list_customers" }),
    native: [get("/core/v1/tools"), tool("shop", "list_customers", {})],
  },
];

const wallet = await openWallet(
  gate,
  { daily_spend_usd: 1_000_000, daily_token_usd: 1_000_000 },
  { operator: key },
);
await wallet.asOwner("/credentials/vault", {
  wallet_id: wallet.id,
  label: "one",
  type: "api_key",
  value: "a value of its own",
});
const { jwt, jti } = (await wallet.asAgent("/exec", { scope: ["one"], budget_usd: 1 })).json;
const asAgent = { "x-api-key": wallet.agentKey, "content-type": "application/json" };
const asOwner = { authorization: `Bearer ${wallet.ownerKey}` };
const asRun = { authorization: `Bearer ${String(jwt)}`, "content-type": "application/json" };
const nativePost = (path: string, body: object, headers: Call["headers"] = asRun): Call => ({
  ...post(`/core/v1${path}`, body),
  headers,
});
const keyed = { authorization: `Bearer ${wallet.agentKey}`, "content-type": "application/json" };
const spend = { action: "purchase", amount_usd: 0.01, merchant: "x", category: "software" };
const { headers: toolHeaders } = tool("sallyport", "authorize_spend", {});
const { "x-sallyport-session": _none, ...sessionless } = toolHeaders ?? {};

const WALLET_PAIRS: readonly Pair[] = [
  {
    name: "sanction: authorize",
    dialect: { ...post("/api/v1/authorize", spend), headers: asAgent },
    native: [
      { ...get("/core/v1/me"), headers: keyed },
      {
        ...tool("sallyport", "authorize_spend", { amount: 0.01, currency: "USD", payee: "x" }),
        headers: { ...sessionless, "x-sallyport-key": wallet.agentKey },
      },
    ],
  },
  {
    name: "sanction: report tokens",
    dialect: {
      ...post("/api/v1/tokens", { model: "m", tokens_in: 1, tokens_out: 1, cost_usd: 0.01 }),
      headers: asAgent,
    },
    native: [
      { ...get("/core/v1/budgets"), headers: asOwner },
      nativePost("/ledger/entries", { action: "read", model: "m" }, keyed),
    ],
  },
  {
    name: "sanction: issue a token",
    dialect: { ...post("/api/v1/exec", { scope: ["one"], budget_usd: 1 }), headers: asAgent },
    native: [
      nativePost(
        "/execution-tokens",
        { agent: wallet.agent, credentials: ["one"], spend_limit_usd: "1" },
        keyed,
      ),
    ],
  },
  {
    name: "sanction: inject",
    dialect: { ...post("/api/v1/credentials/inject", { credential_label: "one" }), headers: asRun },
    native: [nativePost("/secrets/one/deliver", { session: jti })],
  },
  {
    name: "sanction: statistics",
    dialect: {
      ...get(`/api/v1/wallets/stats?wallet_id=${wallet.id}`),
      headers: { "x-mgmt-key": wallet.ownerKey },
    },
    native: ["/usage?by=tool", "/reviews?status=pending"].map((path) => ({
      ...get(`/core/v1${path}`),
      headers: asOwner,
    })),
  },
];

const slow: string[] = [];
for (const pair of [...PAIRS, ...WALLET_PAIRS])
  if (pair.name.includes(only) && (await compare(pair)) > FACTOR_MAX) slow.push(pair.name);
await gate[Symbol.asyncDispose]();
await agent.close();
if (slow.length > 0) {
  process.stdout.write(`above ${FACTOR_MAX} × the native call: ${slow.join(", ")}\n`);
  process.exitCode = 1;
}
