/**
 * Every operation of Haldir's OpenAPI document, on a running gate, with every status that it
 * declares. Where the document itself is at hand, each answer is held against its schema.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startHaldir,
  startToolServer,
  type HaldirClient,
  type Reply,
  type ToolServer,
} from "../support/haldir.ts";
import operations from "./haldir-operations.json" with { type: "json" };

/** The folder of the original documents. */
const CONTRACT =
  process.env["SALLYPORT_CONTRACT"] ??
  fileURLToPath(new URL("../../../shared/seeds", import.meta.url));
const DOCUMENT = `${CONTRACT}/001_0ce8e6ca78b6025b.txt`;
const HOUR_OF_FREE = 100;

// oxlint-disable-next-line typescript/no-explicit-any -- a document of any shape
const document: any = existsSync(DOCUMENT) ? JSON.parse(readFileSync(DOCUMENT, "utf8")) : undefined;
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
if (document !== undefined) ajv.addSchema(document, "haldir");

let server: ToolServer;
let haldir: HaldirClient;
let exhausted = "";
let session = "";
let purse = "";

beforeAll(async () => {
  server = await startToolServer();
  haldir = await startHaldir();
  exhausted = (await haldir.ask("POST", "/v1/keys", { name: "small" })).body.key;
  session = await haldir.session({ scopes: ["read"] });
  purse = await haldir.session({ spend_limit: 10 });
  await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
  await haldir.ask("POST", "/v1/proxy/policies", { type: "block_tool", tool: "delete_database" });
  await haldir.ask("POST", "/v1/secrets", {
    name: "mine",
    value: "a value",
    scope_required: "admin",
  });
  for (let i = 0; i < HOUR_OF_FREE; i += 1) {
    await haldir.ask("GET", "/v1/usage", undefined, { key: exhausted });
  }
});
afterAll(async () => {
  await haldir.gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Probe = () => Promise<Reply>;
const ask = (operation: string, body?: unknown, more = {}): Promise<Reply> => {
  const [method = "", path = ""] = operation.split(" ");
  return haldir.ask(method, path, body, more);
};
const approval = async (): Promise<string> => {
  const wish = { session_id: session, tool: "charge", amount: Math.random() };
  return (await haldir.ask("POST", "/v1/approvals/request", wish)).body.request_id;
};

/** What reaches a status, beside 401 and 429, which are the same everywhere. */
const PROBES: Readonly<Record<string, Readonly<Record<number, Probe>>>> = {
  "POST /v1/keys": { 201: () => ask("POST /v1/keys", {}) },
  "POST /v1/sessions": {
    201: () => ask("POST /v1/sessions", { agent_id: "bot-2" }),
    400: () => ask("POST /v1/sessions", {}),
  },
  "GET /v1/sessions/{session_id}": {
    200: () => ask(`GET /v1/sessions/${purse}`),
    404: () => ask("GET /v1/sessions/ses_none"),
  },
  "DELETE /v1/sessions/{session_id}": {
    200: async () => ask(`DELETE /v1/sessions/${await haldir.session()}`),
    404: () => ask("DELETE /v1/sessions/ses_none"),
  },
  "POST /v1/sessions/{session_id}/check": {
    200: () => ask(`POST /v1/sessions/${session}/check`, { scope: "read" }),
    400: () => ask(`POST /v1/sessions/${session}/check`, {}),
  },
  "POST /v1/secrets": {
    201: () => ask("POST /v1/secrets", { name: "yours", value: "v" }),
    400: () => ask("POST /v1/secrets", { name: "yours" }),
  },
  "GET /v1/secrets": { 200: () => ask("GET /v1/secrets") },
  "GET /v1/secrets/{name}": {
    200: () => ask("GET /v1/secrets/mine"),
    403: () => ask("GET /v1/secrets/mine", undefined, { headers: { "x-session-id": session } }),
    404: () => ask("GET /v1/secrets/none"),
  },
  "DELETE /v1/secrets/{name}": {
    200: async () => {
      await ask("POST /v1/secrets", { name: "short", value: "v" });
      return ask("DELETE /v1/secrets/short");
    },
    404: () => ask("DELETE /v1/secrets/none"),
  },
  "POST /v1/payments/authorize": {
    200: () => ask("POST /v1/payments/authorize", { session_id: purse, amount: 1 }),
    400: () => ask("POST /v1/payments/authorize", { session_id: purse }),
    403: () => ask("POST /v1/payments/authorize", { session_id: purse, amount: 11 }),
  },
  "POST /v1/audit": {
    201: () => ask("POST /v1/audit", { session_id: session, action: "read" }),
    400: () => ask("POST /v1/audit", { session_id: session }),
  },
  "GET /v1/audit": { 200: () => ask("GET /v1/audit?limit=50") },
  "GET /v1/audit/spend": { 200: () => ask(`GET /v1/audit/spend?session_id=${purse}`) },
  "GET /v1/usage": { 200: () => ask("GET /v1/usage") },
  "POST /v1/approvals/rules": {
    201: () => ask("POST /v1/approvals/rules", { type: "spend_over", threshold: 1_000 }),
    400: () => ask("POST /v1/approvals/rules", { type: "tool_blocked" }),
  },
  "POST /v1/approvals/request": {
    201: () => ask("POST /v1/approvals/request", { session_id: session }),
    400: () => ask("POST /v1/approvals/request", {}),
  },
  "GET /v1/approvals/{request_id}": {
    200: async () => ask(`GET /v1/approvals/${await approval()}`),
    404: () => ask("GET /v1/approvals/rev_none"),
  },
  "POST /v1/approvals/{request_id}/approve": {
    200: async () => ask(`POST /v1/approvals/${await approval()}/approve`),
    400: () => ask("POST /v1/approvals/rev_none/approve"),
  },
  "POST /v1/approvals/{request_id}/deny": {
    200: async () => ask(`POST /v1/approvals/${await approval()}/deny`, { note: "no" }),
    400: () => ask("POST /v1/approvals/rev_none/deny"),
  },
  "GET /v1/approvals/pending": {
    200: async () => {
      await approval();
      return ask("GET /v1/approvals/pending");
    },
  },
  "POST /v1/webhooks": {
    201: () =>
      ask("POST /v1/webhooks", { url: "https://hooks.example.com/h", events: ["anomaly"] }),
    400: () => ask("POST /v1/webhooks", { url: "nowhere" }),
  },
  "GET /v1/webhooks": { 200: () => ask("GET /v1/webhooks") },
  "POST /v1/proxy/upstreams": {
    201: () => ask("POST /v1/proxy/upstreams", { name: "shop", url: server.url }),
    400: () => ask("POST /v1/proxy/upstreams", { name: "shop", url: "https://other.example.com/" }),
  },
  "GET /v1/proxy/upstreams": { 200: () => ask("GET /v1/proxy/upstreams") },
  "GET /v1/proxy/tools": { 200: () => ask("GET /v1/proxy/tools") },
  "POST /v1/proxy/call": {
    200: () => ask("POST /v1/proxy/call", { tool: "list_customers", session_id: session }),
    400: () => ask("POST /v1/proxy/call", { tool: "list_customers" }),
    403: () => ask("POST /v1/proxy/call", { tool: "delete_database", session_id: session }),
  },
  "POST /v1/proxy/policies": {
    201: () => ask("POST /v1/proxy/policies", { type: "rate_limit", max_per_minute: 1_000 }),
    400: () => ask("POST /v1/proxy/policies", { type: "time_window", start_hour: 9 }),
  },
  "GET /v1/proxy/policies": { 200: () => ask("GET /v1/proxy/policies") },
  "GET /v1/metrics": { 200: () => ask("GET /v1/metrics") },
  "GET /healthz": { 200: () => ask("GET /healthz", undefined, { key: null }) },
  "GET /v1": { 200: () => ask("GET /v1", undefined, { key: null }) },
};

const BODY: Readonly<Record<string, unknown>> = { POST: {} };

function probeOf(operation: string, status: number): Probe | undefined {
  const [method = ""] = operation.split(" ");
  const plain = operation.replaceAll(/\{[a-z_]+\}/g, "x");
  if (status === 401) return () => ask(plain, BODY[method], { key: null });
  if (status === 429) return () => ask(plain, BODY[method], { key: exhausted });
  return PROBES[operation]?.[status];
}

/** Why an answer is not what the document declares; undefined where it is, or nobody can say. */
function misfit(operation: string, { status, body }: Reply): string | undefined {
  if (document === undefined) return undefined;
  const [method = "", path = ""] = operation.split(" ");
  const responses = document.paths[path][method.toLowerCase()].responses;
  const place = `/paths/${path.replaceAll("/", "~1")}/${method.toLowerCase()}/responses/${status}`;
  const shared: string | undefined = responses[status].$ref?.slice(1);
  const schema = `haldir#${shared ?? place}/content/application~1json/schema`
    .replaceAll("{", "%7B")
    .replaceAll("}", "%7D");
  const validate = ajv.getSchema(schema);
  if (validate === undefined) return `no schema at ${schema}`;
  return validate(body) === true ? undefined : ajv.errorsText(validate.errors);
}

const declared = Object.entries(operations).flatMap(([operation, statuses]) =>
  statuses.map((status) => ({ operation, status })),
);

describe("Haldir's document", () => {
  it.each(declared)("$operation answers $status as declared", async ({ operation, status }) => {
    const probe = probeOf(operation, status);
    const reply = await probe?.();
    expect(reply?.status, JSON.stringify(reply?.body)).toBe(status);
    if (reply !== undefined) expect(misfit(operation, reply)).toBeUndefined();
  });

  it.skipIf(document === undefined)("is what the list of operations was made from", () => {
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { responses: object }>).map(
        ([method, { responses }]) =>
          [`${method.toUpperCase()} ${path}`, Object.keys(responses).map(Number)] as const,
      ),
    );
    expect(operations).toEqual(Object.fromEntries(listed));
  });
});
