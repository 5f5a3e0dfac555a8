/**
 * An upstream whose rights somebody once gave the gate: a refresh token that the authorization
 * server replaces each time it is used, and takes as stolen when an old one comes back (RFC 9700
 * §4.14.2).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SECRET = "client-secret-5d1e";
const FIRST = "refresh-token-0-9c44aa10";

let server: Server;
let sallyport: SallyportProcess;
/** The one refresh token, and the one access token, that are good now. */
let refresh = FIRST;
let access = "";
let given = 0;
const forms: URLSearchParams[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      response.setHeader("content-type", "application/json");
      if (request.url === "/token") grant(request, new URLSearchParams(body), response);
      else serve(request, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - name: mail
    wire: mcp
    url: "${origin}/mcp"
    allow_private: true
    credential:
      ref: vault://gate
      oauth: { token_url: "${origin}/token", client_id: gate, grant: refresh_token, refresh_ref: vault://given, resource: "${origin}/mcp" }
`,
    policies: {
      "tester.yaml":
        'version: 1\nagents: [tester]\nrules: [{ id: all, tools: ["*"], effect: allow }]\n',
    },
    secrets: [
      { args: ["gate", "--origin", origin, "--header", "client-secret"], value: SECRET },
      { args: ["given", "--origin", origin, "--header", "refresh-token"], value: FIRST },
    ],
  });
});

function grant(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): void {
  forms.push(form);
  const basic = `Basic ${Buffer.from(`gate:${SECRET}`).toString("base64")}`;
  if (request.headers.authorization !== basic || form.get("refresh_token") !== refresh) {
    response.writeHead(400).end(JSON.stringify({ error: "invalid_grant" }));
    return;
  }
  given += 1;
  refresh = `refresh-token-${given}-9c44aa10`;
  access = `access-token-${given}-77b0c3f2`;
  const expiring = { token_type: "Bearer", expires_in: 3600 };
  response.end(JSON.stringify({ access_token: access, refresh_token: refresh, ...expiring }));
}

/** Says back what it was shown: nothing of it may reach the agent. */
function serve(request: IncomingMessage, body: string, response: ServerResponse): void {
  const shown = request.headers.authorization ?? "";
  if (shown !== `Bearer ${access}`) return void response.writeHead(401).end();
  const { id } = JSON.parse(body) as { id: number };
  const text = `shown ${shown}, given ${given}`;
  response.end(
    JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } }),
  );
}

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});

async function call(): Promise<string> {
  const response = await fetch(`${sallyport.url}/mcp/mail`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read" } }),
  });
  return response.text();
}

it("is asked with the newest refresh token, once for all who wait, and no token gets out", async () => {
  const first = await Promise.all([call(), call(), call()]);
  for (const answer of first) {
    expect(answer).toContain("given 1");
    expect(answer).not.toContain("access-token");
  }
  expect(forms).toHaveLength(1);
  expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
    grant_type: "refresh_token",
    refresh_token: FIRST,
    resource: expect.stringMatching(/\/mcp$/) as string,
  });
  // The server takes the access token back: the gate renews with what it was given last.
  access = "revoked";
  expect(await call()).toContain("credential_unavailable");
  expect(await call()).toContain("given 2");
  expect(forms.at(-1)?.get("refresh_token")).toBe("refresh-token-1-9c44aa10");
});

it("says so when the right was taken back", async () => {
  refresh = "taken back";
  access = "revoked";
  await call();
  const answer = await call();
  expect(answer).toContain("credential_unavailable");
  expect(answer).toContain("invalid_grant");
  expect(answer).not.toMatch(/refresh-token-|client-secret-/);
});
