/** What a start loads: each file costs an idle sidecar memory, and whoever waits for it time. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const PRELOAD = fileURLToPath(new URL("../support/note-loaded-files.ts", import.meta.url));

const POLICY = `
version: 1
agents: [tester]
budgets:
  day: { limit: 10 USD, per: agent, window: day }
rules:
  - { id: models, llm: { models: [gpt-*] }, effect: allow, charge: day }
  - { id: web, http: { upstreams: [web] }, effect: allow }
inspect:
  - { id: injection, on: [response], find: [injection], at: high, do: block }
  - { id: keys-out, on: [request], find: [secret], do: block }
`;

let directory: string;
let sallyport: SallyportProcess;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-loaded-"));
  sallyport = await startSallyport({
    config: `
agents: [{ name: tester }]
identity: { loopback_agent: tester }
upstreams:
  - { name: openai, wire: openai, url: "https://api.openai.com" }
  - { name: web, wire: http, url: "https://example.com" }
`,
    policies: { "tester.yaml": POLICY },
    nodeFlags: ["--import", PRELOAD],
    env: { LOADED_FILES: join(directory, "list") },
  });
});
afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const loaded = (): string[] => readFileSync(join(directory, "list"), "utf8").trim().split("\n");

const ownTools = (): Promise<Response> =>
  fetch(`${sallyport.url}/mcp/sallyport`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
  });

describe("a start without MCP servers", () => {
  it("loads none of what only others need", () => {
    const names = loaded();

    expect(names.some((url) => url.endsWith("/proxy/http-exchange.ts"))).toBe(true);
    expect(
      names.filter((url) =>
        /\/src\/(?:proxy\/mcp\/(?:era|inner|own|tasks|transport)|manage\/native)\//.test(url),
      ),
    ).toEqual([]);
    expect(
      names.filter((url) =>
        /\/node_modules\/(?:fastify|ajv|typebox|jose|ioredis|pg|kysely|nodemailer|openid-client|prom-client|http-proxy-3|gpt-tokenizer|re2js|tldts|@(?:marcbachmann|modelcontextprotocol|opentelemetry|smithy|clack))\//.test(
          url,
        ),
      ),
    ).toEqual([]);
  });

  it("answers the first requests for MCP all the same, however many come at once", async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, ownTools));

    expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200));
    for (const reply of replies) expect(await reply.text()).toContain("check_permission");
    expect(loaded().filter((url) => url.endsWith("/proxy/mcp/mcp-wire.ts"))).toHaveLength(1);
  });
});

describe.runIf(process.platform === "linux")("a gate that runs", () => {
  const environment = (pid = sallyport.child.pid): string[] =>
    readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");

  it("has one heap of malloc's, in the process that was started", () => {
    expect(environment()).toContain("MALLOC_ARENA_MAX=1");
  });

  it("has what its operator chose instead", async () => {
    await using own = await startSallyport({
      config: "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n",
      policies: { "tester.yaml": POLICY },
      env: { MALLOC_ARENA_MAX: "2" },
    });
    expect(environment(own.child.pid)).toContain("MALLOC_ARENA_MAX=2");
  });
});
