/**
 * One request of every operation with the answer it gets, literally: what a client of the document
 * sees. Values that are made anew each time stand as `<name>`. `vitest -u` writes the file again.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type ToolServer,
} from "../support/haldir.ts";

let server: ToolServer;
let haldir: HaldirClient;

beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir({ tier: "pro" });
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** `$session` and `$approval` are those made before. */
const STEPS: readonly (readonly [request: string, body?: unknown])[] = [
  ["GET /healthz"],
  ["GET /v1"],
  ["POST /v1/keys", { name: "ci", tier: "pro" }],
  ["POST /v1/sessions", { agent_id: "bot-1", scopes: ["read", "spend:50"], ttl: 600 }],
  ["GET /v1/sessions/$session"],
  ["POST /v1/sessions/$session/check", { scope: "write" }],
  ["POST /v1/sessions", { scopes: ["read"] }],
  ["GET /v1/sessions/ses_none"],
  ["POST /v1/secrets", { name: "stripe_key", value: "sk_live_x" }],
  ["GET /v1/secrets"],
  ["GET /v1/secrets/stripe_key?session_id=$session"],
  ["GET /v1/secrets/none"],
  ["DELETE /v1/secrets/stripe_key"],
  ["POST /v1/payments/authorize", { session_id: "$session", amount: 20, description: "books" }],
  ["POST /v1/payments/authorize", { session_id: "$session", amount: 31 }],
  ["POST /v1/audit", { session_id: "$session", tool: "crm", action: "read", cost_usd: 0.5 }],
  ["GET /v1/audit?session_id=$session&tool=crm"],
  ["GET /v1/audit/spend?agent_id=bot-1&session_id=ses_none"],
  ["GET /v1/usage?month=2025-01"],
  ["POST /v1/proxy/upstreams", { name: "shop", url: "$server" }],
  ["GET /v1/proxy/tools"],
  ["POST /v1/proxy/policies", { type: "block_tool", tool: "delete_database" }],
  ["GET /v1/proxy/policies"],
  ["POST /v1/proxy/call", { session_id: "$session", tool: "list_customers" }],
  ["POST /v1/proxy/call", { session_id: "$session", tool: "delete_database" }],
  ["POST /v1/proxy/call", { session_id: "$session", tool: "fail" }],
  ["GET /v1/proxy/upstreams"],
  ["POST /v1/approvals/rules", { type: "spend_over", threshold: 100 }],
  [
    "POST /v1/approvals/request",
    { session_id: "$session", tool: "charge", action: "charge", amount: 500, reason: "invoice" },
  ],
  ["GET /v1/approvals/pending"],
  ["POST /v1/approvals/$approval/approve", { decided_by: "sterling", note: "ok" }],
  ["GET /v1/approvals/$approval"],
  ["POST /v1/approvals/$approval/deny", {}],
  ["POST /v1/webhooks", { url: "https://hooks.example.com/h", name: "ops", events: ["anomaly"] }],
  ["GET /v1/webhooks"],
  ["DELETE /v1/sessions/$session"],
  ["GET /v1/nothing"],
];

const MADE: readonly (readonly [RegExp, string])[] = [
  [/hld_[\w-]{20,}/gu, "<key>"],
  [/whsec_[\w+/=]+/gu, "<signing secret>"],
  [/\b(?!ses_none)(ses|rev|req|exc|evt|sub)_[0-9a-z]{26}\b/gu, "<$1>"],
  [/\b[0-9a-f]{64}\b/gu, "<hash>"],
  [/"(created_at|expires_at|timestamp)":\d+(\.\d+)?/gu, '"$1":"<time>"'],
  [/http:\/\/127\.0\.0\.1:\d+/gu, "<origin>"],
  [/"version":"[^"]+"/gu, '"version":"<version>"'],
  [/"prefix":"hld_[\w-]+"/gu, '"prefix":"<prefix>"'],
];

it("answers as it always did", async () => {
  const known = new Map([["$server", server.url]]);
  const filled = (text: string): string =>
    [...known].reduce((done, [name, value]) => done.replaceAll(name, value), text);
  const seen: unknown[] = [];
  for (const [request, body] of STEPS) {
    const [method = "", path = ""] = filled(request).split(" ");
    const sent: unknown = body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body)));
    const reply = await haldir.ask(method, path, sent);
    if (request === "POST /v1/sessions" && reply.status === 201) {
      known.set("$session", reply.body.session_id);
    }
    if (request === "POST /v1/approvals/request") known.set("$approval", reply.body.request_id);
    seen.push({
      request,
      ...(body !== undefined && { body }),
      status: reply.status,
      reply: reply.body,
    });
  }
  const text = MADE.reduce(
    (done, [pattern, name]) => done.replaceAll(pattern, name),
    JSON.stringify(seen),
  );
  const golden = `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  await expect(golden).toMatchFileSnapshot("haldir.golden");
});
