/** Sallyport as a protected resource: an MCP client that has no token finds out where to get one. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startAuthorizationServer,
  type AuthorizationServer,
} from "../support/authorization-server.ts";
import { freePort } from "../support/free-port.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const AUDIENCE = "http://gate.example";

let issuer: AuthorizationServer;
let sallyport: SallyportProcess;
let silent: SallyportProcess;

beforeAll(async () => {
  issuer = await startAuthorizationServer();
  const announcing = await start(
    `\n  public_url: ${AUDIENCE}\n  token_issuers: [{ issuer: "${issuer.issuer}", audience: "${AUDIENCE}/mcp", ` +
      `jwks: "${issuer.issuer}/jwks", announced: true, scopes: [mcp] }]`,
  );
  [sallyport, silent] = [announcing, await start(" {}")];
  const added = await fetch(`${sallyport.manageUrl}/core/v1/agents`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "logged-in", subjects: ["user-app"] }),
  });
  expect(added.status).toBe(201);
});

async function start(identity: string): Promise<SallyportProcess> {
  return startSallyport({
    config: `
api: { auth: open }
identity:${identity}
upstreams:
  - { name: llm, wire: openai, url: "http://127.0.0.1:${await freePort()}", allow_private: true }
`,
    policies: {},
  });
}

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await silent?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
});

const initialize = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });

describe("a client without a token", () => {
  it.each(["/mcp", "/mcp/sallyport"])("hears at %s where the login is described", async (path) => {
    const refused = await initialize(sallyport.url + path);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe(
      `Bearer realm="sallyport", resource_metadata="${AUDIENCE}/.well-known/oauth-protected-resource${path}"`,
    );
    const described = await fetch(`${sallyport.url}/.well-known/oauth-protected-resource${path}`);
    expect(described.headers.get("content-type")).toBe("application/json");
    expect(await described.json()).toEqual({
      resource: `${AUDIENCE}/mcp`,
      authorization_servers: [issuer.issuer],
      bearer_methods_supported: ["header"],
      scopes_supported: ["mcp"],
      resource_name: "Sallyport",
    });
  });

  it("is told when the one that it has is no good", async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const bad = `${part({ alg: "RS256" })}.${part({ iss: issuer.issuer })}.c2ln`;
    const refused = await initialize(`${sallyport.url}/mcp`, { authorization: `Bearer ${bad}` });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain(`error="invalid_token"`);
  });

  it.each([
    "/.well-known/oauth-protected-resource/llm",
    "/.well-known/oauth-protected-resource/mcp/nobody",
    "/.well-known/oauth-protected-resource/mcp/sallyport/x",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/mcp",
    "/.well-known/openid-configuration",
    "/.well-known/anything",
  ])("finds nothing at %s, in JSON", async (path) => {
    const answer = await fetch(sallyport.url + path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toContain("json");
    expect(await answer.json()).toMatchObject({ code: "no_such_upstream" });
  });

  it("is not sent anywhere by a gate that announces nobody", async () => {
    const refused = await initialize(`${silent.url}/mcp/sallyport`);
    // The sidecar answers to nobody here, and has no login to offer.
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).not.toContain("resource_metadata");
    const probe = await fetch(`${silent.url}/.well-known/oauth-protected-resource/mcp`);
    expect(probe.status).toBe(404);
    expect(await probe.json()).toMatchObject({ code: "no_such_upstream" });
  });
});

/** Through a name that clients know, as a proxy in front would make it. */
function behindName(url: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  return fetch(
    String(url instanceof Request ? url.url : url).replace(AUDIENCE, sallyport.url),
    init,
  );
}

it("a real client logs in by itself, and is the agent that its token names", async () => {
  const client = new Client({ name: "t", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(`${AUDIENCE}/mcp/sallyport`), {
    fetch: behindName as never,
    authProvider: new ClientCredentialsProvider({
      clientId: "user-app",
      clientSecret: "user-app-secret",
      expectedIssuer: issuer.issuer,
    }),
  });
  await client.connect(transport as never);
  expect((await client.listTools()).tools.length).toBeGreaterThan(3);
  await client.close();
});
