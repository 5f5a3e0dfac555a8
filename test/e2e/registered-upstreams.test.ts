/** Upstreams that tenants register through the API, on a running gate before a real MCP server. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStatelessServer, type StatelessServer } from "../support/stateless-server.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

let server: StatelessServer;
let gate: SallyportProcess;
let admin = "";
let adminOfAcme = "";
const keys = { default: "", acme: "" };

beforeAll(async () => {
  server = await startStatelessServer();
  gate = await startSallyport({
    config: `api: { private_upstreams: true }\nupstreams: []\n`,
    policies: {
      "all.yaml": `version: 1\nagents: ["*"]\nrules:\n  - { id: tools, tools: ["*"], effect: allow }\n`,
    },
    // Longer than the tests: what the gate knows of a new server it has read at once.
    env: { SALLYPORT_DEFINITIONS_REFRESH_MS: "600000" },
  });
  admin = (await manage("POST", "/bootstrap", {})).body.key;
  const acme = await manage("POST", "/tenants", { id: "acme", name: "Acme" });
  adminOfAcme = acme.body.admin_key;
  keys.default = await newAgent("bot", admin);
  keys.acme = await newAgent("bot", adminOfAcme);
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function manage(method: string, path: string, body?: unknown, key = admin) {
  const reply = await fetch(`${gate.manageUrl}/core/v1${path}`, {
    method,
    headers: {
      ...(key !== "" && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, body: text === "" ? undefined : JSON.parse(text) };
}

async function newAgent(name: string, key: string): Promise<string> {
  await manage("POST", "/agents", { name }, key);
  return (await manage("POST", "/keys", { name: `${name}-key`, agent: name }, key)).body.key;
}

/** Names of the tools that this key's agent is shown there. */
async function toolsAt(path: string, key: string): Promise<readonly string[]> {
  const client = new Client({ name: "t", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${gate.url}${path}`), {
    requestInit: { headers: { "x-sallyport-key": key } },
  });
  await client.connect(transport);
  try {
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

describe("an upstream registered through the API", () => {
  it("is there at once for agents of its tenant, and for nobody else's", async () => {
    const entry = { name: "new", wire: "mcp", url: server.url, allow_private: true };
    expect(await manage("POST", "/upstreams", entry)).toMatchObject({
      status: 201,
      body: { name: "new", wire: "mcp", source: "directory" },
    });
    const shown = () => toolsAt("/mcp/new", keys.default).catch(() => []);
    await expect.poll(shown).not.toEqual([]);
    const alone = await toolsAt("/mcp/new", keys.default);
    const federated = async (key: string) =>
      (await toolsAt("/mcp", key)).filter((name) => !name.startsWith("sallyport."));
    expect(await federated(keys.default)).toEqual(alone.map((name) => `new.${name}`));
    expect(await federated(keys.acme)).toEqual([]);
    await expect(toolsAt("/mcp/new", keys.acme)).rejects.toThrow();
    const tools = (await manage("GET", "/tools")).body.items;
    expect(tools.map(({ name }: { readonly name: string }) => name)).toEqual(alone.toSorted());
  });

  it("is read by the gate at once, and clients of all servers hear that their lists changed", async () => {
    const client = new Client({ name: "t", version: "1" });
    let heard = 0;
    client.setNotificationHandler("notifications/tools/list_changed", () => {
      heard += 1;
    });
    const transport = new StreamableHTTPClientTransport(new URL(`${gate.url}/mcp`), {
      requestInit: { headers: { "x-sallyport-key": keys.default } },
    });
    await client.connect(transport);
    const entry = { name: "unasked", wire: "mcp", url: server.url, allow_private: true };
    expect((await manage("POST", "/upstreams", entry)).status).toBe(201);
    const seen = async (): Promise<readonly string[]> => {
      const { items } = (await manage("GET", "/tools")).body;
      return items.map(({ upstream }: { readonly upstream: string }) => upstream);
    };
    await expect.poll(seen).toContain("unasked");
    await expect.poll(() => heard).toBeGreaterThan(0);
    await client.close();
    expect((await manage("DELETE", "/upstreams/unasked")).status).toBe(204);
  });

  it("takes no name that is taken, and says no more about it", async () => {
    const entry = { name: "new", wire: "mcp", url: server.url, allow_private: true };
    expect((await manage("POST", "/upstreams", entry)).status).toBe(409);
    const own = { name: "sallyport", wire: "mcp", url: server.url };
    expect((await manage("POST", "/upstreams", own)).status).toBe(400);
  });

  it.each([
    ["a process", { stdio: { command: ["sh"] } }, /stdio .*operator/u],
    ["a variable of this process", { credential: { ref: "env://HOME" } }, /vault:\/\//u],
    ["a file of this machine", { credential: { ref: "file:///etc/passwd" } }, /vault:\/\//u],
    ["an authority in a file of this machine", { ca_file: "/etc/passwd" }, /ca_file .*operator/u],
    ["a key that there is not", { nope: 1 }, /nope/u],
  ])("is refused with %s", async (_, more, says) => {
    const entry = { name: "bad", wire: "mcp", url: "https://mcp.example.com", ...more };
    const { status, body } = await manage("POST", "/upstreams", entry);
    expect({ status, says: body.detail }).toEqual({
      status: 400,
      says: expect.stringMatching(says),
    });
  });

  it("leaves nothing of its server to another tenant that takes the name", async () => {
    const entry = { name: "passed", wire: "mcp", url: server.url, allow_private: true };
    const toolsOf = async (key: string): Promise<readonly string[]> => {
      const { items } = (await manage("GET", "/tools", undefined, key)).body;
      return items
        .filter(({ upstream }: { readonly upstream: string }) => upstream === "passed")
        .map(({ name }: { readonly name: string }) => name);
    };
    expect((await manage("POST", "/upstreams", entry)).status).toBe(201);
    await expect.poll(() => toolsOf(admin)).not.toEqual([]);
    expect((await manage("DELETE", "/upstreams/passed")).status).toBe(204);
    const nobody = { ...entry, url: "http://127.0.0.1:9" };
    expect((await manage("POST", "/upstreams", nobody, adminOfAcme)).status).toBe(201);
    expect(await toolsOf(adminOfAcme)).toEqual([]);
    expect((await manage("DELETE", "/upstreams/passed", undefined, adminOfAcme)).status).toBe(204);
  });

  it("is gone when it is removed", async () => {
    expect((await manage("DELETE", "/upstreams/new")).status).toBe(204);
    const reached = async () =>
      (await fetch(`${gate.url}/new/x`, { headers: { "x-sallyport-key": keys.default } })).status;
    await expect.poll(reached).toBe(404);
  });
});
