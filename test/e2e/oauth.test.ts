/**
 * Access tokens for upstreams from a real authorization server: the agent's own token goes no
 * further than the gate, whatever it is exchanged for.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  GATE_SECRET,
  startAuthorizationServer,
  type AuthorizationServer,
} from "../support/authorization-server.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const clientKey = generateKeyPairSync("rsa", { modulusLength: 2048 });
let issuer: AuthorizationServer;
let api: Server;
let resource: string;
let sallyport: SallyportProcess;
/** Bearer tokens that the upstream saw. */
const seen: string[] = [];
const revoked = new Set<string>();

beforeAll(async () => {
  issuer = await startAuthorizationServer(clientKey.publicKey.export({ format: "jwk" }));
  api = createServer((request, response) => {
    const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
    seen.push(token);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id } = JSON.parse(Buffer.concat(chunks).toString()) as { id: number };
      const verdict = revoked.has(token)
        ? Promise.reject(new Error("revoked"))
        : issuer.verify(token, resource);
      verdict.then(
        (claims) => {
          const said = `${String(claims["client_id"])} for ${String(claims["on_behalf_of"])}: ${token}`;
          const result = { content: [{ type: "text", text: said }] };
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
        },
        () => response.writeHead(401).end(),
      );
    });
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  resource = `http://127.0.0.1:${(api.address() as AddressInfo).port}/mcp`;
  const upstream = (name: string, secret: string, more: string, client = "gate"): string => `
  - name: ${name}
    wire: mcp
    url: "${resource}"
    allow_private: true
    credential:
      ref: ${secret}
      oauth:
        token_url: "${issuer.tokenUrl}"
        client_id: ${client}
        scope: mcp
        resource: "${resource}"
        ${more}`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nupstreams:" +
      upstream("own", "vault://gate", "grant: client_credentials") +
      upstream("delegated", "vault://gate", "grant: token_exchange") +
      upstream("wrong", "env://WRONG_SECRET", "client_auth: basic") +
      upstream("keyed", "vault://key", "client_auth: private_key_jwt", "keyed-gate") +
      upstream("keyless", "env://WRONG_SECRET", "client_auth: private_key_jwt", "keyed-gate"),
    policies: {
      "tester.yaml":
        'version: 1\nagents: [tester]\nrules: [{ id: all, tools: ["*"], effect: allow }]\n',
    },
    env: { WRONG_SECRET: "not-the-secret" },
    secrets: [
      {
        args: ["gate", "--origin", new URL(issuer.tokenUrl).origin, "--header", "client-secret"],
        value: GATE_SECRET,
      },
      {
        args: ["key", "--origin", new URL(issuer.tokenUrl).origin, "--header", "client-key"],
        value: clientKey.privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
      },
    ],
  });
});

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
  api?.closeAllConnections();
  api?.close();
});

beforeEach(() => seen.splice(0));

async function whoami(upstream: string, token?: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${sallyport.url}/mcp/${upstream}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "whoami" },
    }),
  });
  return (await response.json()) as Record<string, unknown>;
}

const textOf = (answer: unknown): string => JSON.stringify(answer);

describe("an upstream that wants OAuth", () => {
  it("gets a token of the gate's own, for itself as audience, asked for once", async () => {
    const before = issuer.asked.length;
    const answers = await Promise.all([whoami("own"), whoami("own"), whoami("own")]);
    for (const answer of answers) expect(textOf(answer)).toContain("gate for undefined");
    expect(issuer.asked.length).toBe(before + 1);
    expect(new Set(seen).size).toBe(1);
    // The server echoes the token, and the agent does not get to see it.
    for (const answer of answers) expect(textOf(answer)).not.toContain(seen[0] ?? "?");
  });

  it("gets another one when it does not accept the first any more", async () => {
    await whoami("own");
    const [first = ""] = seen;
    revoked.add(first);
    expect(textOf(await whoami("own"))).toContain("credential_unavailable");
    expect(textOf(await whoami("own"))).toContain("gate for undefined");
    expect(seen.at(-1)).not.toBe(first);
  });

  it("gets the caller's rights by exchange, and never the caller's token", async () => {
    const token = await issuer.userToken("urn:gate");
    expect(textOf(await whoami("delegated", token))).toContain("gate for user-app");
    expect(seen).toHaveLength(1);
    expect(seen).not.toContain(token);
    expect(await issuer.verify(seen[0] ?? "", resource)).toMatchObject({ aud: resource });
    await whoami("delegated", token);
    expect(new Set(seen).size).toBe(1);
  });

  it("gets one by a key of the gate's, which signs and is not sent", async () => {
    expect(textOf(await whoami("keyed"))).toContain("keyed-gate for undefined");
    const answer = textOf(await whoami("keyless"));
    expect(answer).toContain("credential_unavailable");
    expect(answer).not.toContain("not-the-secret");
    await expect.poll(() => sallyport.output()).toContain("a private key is wanted");
  });

  it("is not asked for a caller who shows no token, or one for somebody else", async () => {
    expect(textOf(await whoami("delegated"))).toContain("credential_forbidden");
    const stolen = await issuer.userToken("urn:elsewhere");
    expect(textOf(await whoami("delegated", stolen))).toContain("invalid_grant");
    expect(seen).toEqual([]);
  });

  it("is not asked where the authorization server refuses the gate, which says why", async () => {
    const answer = textOf(await whoami("wrong"));
    expect(answer).toContain("credential_unavailable");
    expect(answer).toContain("invalid_client");
    expect(seen).toEqual([]);
  });
});

describe("discovery", () => {
  it.each([
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/mcp/own",
    "/.well-known/oauth-authorization-server",
    "/mcp/own/.well-known/openid-configuration",
  ])("finds nothing at %s, in JSON: nobody has to log in here", async (path) => {
    const response = await fetch(`${sallyport.url}${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toMatch(/json/);
    expect(await response.json()).toBeTypeOf("object");
  });
});
