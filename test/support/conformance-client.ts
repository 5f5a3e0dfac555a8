/**
 * The client of the conformance suite's client scenarios, as far as one page can be it: it connects,
 * lists, and uses everything that it finds. Run by the suite with the server's address; with
 * `--through`, a gate of its own stands before that server.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as SessionClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as SessionTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { startSallyport, type SallyportProcess } from "./sallyport-process.ts";

const STATELESS = "2026-07-28";
const INFO = { name: "conformance-client", version: "1.0.0" };

interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Used {
  listTools(): Promise<{ readonly tools: readonly { name: string; inputSchema: unknown }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

const url = process.argv.at(-1) ?? "";
const sallyport = process.argv.includes("--through") ? await gateBefore(url) : undefined;
const endpoint = new URL(sallyport === undefined ? url : `${sallyport.url}/mcp/fixture`);
try {
  const stateless = process.env["MCP_CONFORMANCE_PROTOCOL_VERSION"] === STATELESS;
  const client = stateless ? await statelessClient() : await sessionClient();
  const { tools } = await client.listTools();
  for (const { name, inputSchema } of tools) {
    await client.callTool({ name, arguments: example(inputSchema as Schema) }).catch(() => {});
  }
  await client.close();
} finally {
  await sallyport?.[Symbol.asyncDispose]();
}

async function statelessClient(): Promise<Used> {
  const capabilities = { elicitation: {}, roots: {}, sampling: {} };
  const versionNegotiation = { mode: { pin: STATELESS } };
  const client = new Client(INFO, { capabilities, versionNegotiation });
  client.setRequestHandler("elicitation/create", ({ params }) =>
    Promise.resolve(accepting("requestedSchema" in params ? params.requestedSchema : {})),
  );
  await client.connect(new StreamableHTTPClientTransport(endpoint));
  return client as unknown as Used;
}

async function sessionClient(): Promise<Used> {
  const capabilities = { elicitation: { form: { applyDefaults: true } } };
  const client = new SessionClient(INFO, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept" as const, content: {} }));
  await client.connect(new SessionTransport(endpoint) as never);
  return client as unknown as Used;
}

function accepting(schema: unknown): { action: "accept"; content: Record<string, string> } {
  return { action: "accept", content: example(schema as Schema) as Record<string, string> };
}

/** Something for everything that a schema names. */
function example({ properties = {} }: Schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([member, schema]) => [member, exampleOf(schema)]),
  );
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  number: 3,
  integer: 3,
  boolean: true,
  array: [],
};

function exampleOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema.type === "object") return example(schema);
  return EXAMPLES[schema.type ?? ""] ?? "text";
}

function gateBefore(server: string): Promise<SallyportProcess> {
  return startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: fixture, wire: mcp, url: "${server}", allow_private: true }
`,
    policies: {
      "tester.yaml": `
version: 1
agents: [tester]
rules:
  - { id: tools, tools: ["fixture.*"], effect: allow }
  - { id: rest, mcp: { upstreams: [fixture] }, effect: allow }
`,
    },
  });
}
