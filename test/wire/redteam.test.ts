/** What a hostile agent says to the gate, and must not get through with. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { printable } from "../../src/lib/printable.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const POLICY = `
version: 1
agents: [tester, other]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
  - { id: no-admin, http: { upstreams: [web], paths: [/admin, "/admin/**"] }, effect: deny }
  - { id: models, llm: { models: [cheap] }, effect: allow }
  - { id: rest, http: { upstreams: [openai], paths: ["/**"], allow_unknown: true }, effect: allow }
`;

let upstream: RecordingUpstream;
let gateway: SallyportProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  const place = `url: "${upstream.url}", allow_private: true`;
  gateway = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nlog: { format: text }\n" +
      "prices: { unpriced: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }\nupstreams:\n" +
      `  - { name: web, wire: http, ${place} }\n` +
      `  - { name: openai, wire: openai, ${place} }\n` +
      `  - { name: gemini, wire: gemini, ${place} }\n` +
      `  - { name: tools, wire: mcp, ${place} }\n`,
    policies: { "policy.yaml": POLICY },
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
beforeEach(() => void (upstream.requests.length = 0));

const get = (target: string, headers = ""): ReturnType<typeof rawRequest> =>
  rawRequest(
    gateway.port,
    [`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n`],
    5_000,
  );

const send = (method: string, headers: string, body: string): ReturnType<typeof rawRequest> =>
  rawRequest(
    gateway.port,
    [`${method} /web/x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n${body}`],
    5_000,
  );

describe("a path that servers read in another way than policy", () => {
  it.each([
    "/web//admin/x",
    "/web/x//admin",
    "/web/admin;a/x",
    "/web/public/..;/admin",
    "/web/public/%2e%2e%2fadmin",
    "/web/public%2f..%2fadmin",
    "/web/public/..%3b/admin",
    "/web/%252e%252e/admin",
    "/web/x%5c..%5cadmin",
  ])("is refused: %s", async (target) => {
    expect((await get(target)).statuses).toEqual([400]);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    "/web/admin/",
    "/web/admin%2fx",
    "/web/admin%252Fx",
    "/web/%61dmin/x",
    "/web/%2561dmin/x",
    "/web/%252561dmin/x",
    "/web/ADMIN/x",
    "/web/Admin",
    "/web/%EF%BD%81dmin/x",
    "/web/admin%E2%80%8B/x",
    "/web/admin./x",
    "/web/admin%20/x",
    "/web/admin%3Bx",
    "/web/admin%3Fx",
  ])("is still what a deny rule names: %s", async (target) => {
    expect((await get(target)).statuses).toEqual([403]);
    expect(upstream.requests).toEqual([]);
  });

  it.each(["/web/", "/web/a/", "/web/a.b/.well-known/..x", "/web/a%2Fb", "/web/a%3Bb"])(
    "is not what it is: %s",
    async (target) => {
      expect((await get(target)).statuses).toEqual([200]);
      expect(upstream.requests.map(({ url }) => url)).toEqual([target.slice("/web".length)]);
    },
  );
});

describe("headers that say something else than the request line", () => {
  it.each([
    "x-http-method-override: DELETE",
    "X-HTTP-Method: DELETE",
    "X_HTTP_Method_Override: DELETE",
    "x-original-url: /admin",
    "x-rewrite-url: /admin",
  ])("are refused: %s", async (line) => {
    expect((await get("/web/x", `${line}\r\n`)).statuses).toEqual([400]);
    expect(upstream.requests).toEqual([]);
  });

  it("about who asks are dropped, in every spelling", async () => {
    const lines = ["x-forwarded-for", "x_forwarded_host", "forwarded", "x-real-ip", "X_Api_Key"];
    await get("/web/x", lines.map((name) => `${name}: 127.0.0.1\r\n`).join(""));
    const names = Object.keys(upstream.requests[0]?.headers ?? {}).toSorted();
    expect(names).toEqual(["connection", "host"]);
  });

  it("that carry two Sallyport keys are refused, whichever comes first", async () => {
    const lines = ["x-sallyport-key: spt_one\r\n", "authorization: Bearer spt_two\r\n"];
    for (const both of [lines, lines.toReversed()]) {
      expect((await get("/web/x", both.join(""))).statuses).toEqual([400]);
    }
  });

  it.each(["gzip, chunked", "chunked, identity", "identity"])(
    "are refused where the body is coded as no one reads it: transfer-encoding %s",
    async (coding) => {
      const reply = await send("POST", `transfer-encoding: ${coding}\r\n`, "3\r\nabc\r\n0\r\n\r\n");
      expect(reply.statuses).toEqual([400]);
      expect(upstream.requests).toEqual([]);
    },
  );

  it("are refused where HTTP/1.0 is framed as HTTP/1.1", async () => {
    const head = "POST /web/x HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    const reply = await rawRequest(gateway.port, [`${head}3\r\nabc\r\n0\r\n\r\n`], 5_000);
    expect(reply.statuses).toEqual([400]);
    expect(upstream.requests).toEqual([]);
  });

  it("that say a page of another site began it are refused, also without an origin", async () => {
    expect((await get("/web/x", "sec-fetch-site: cross-site\r\n")).statuses).toEqual([403]);
    expect(upstream.requests).toEqual([]);
    expect((await get("/web/x", "sec-fetch-site: none\r\n")).statuses).toEqual([200]);
    // To a browser, localhost and 127.0.0.1 are two sites.
    const own = "origin: http://localhost:6274\r\nsec-fetch-site: cross-site\r\n";
    expect((await get("/web/x", own)).statuses).toEqual([200]);
  });

  it("that offer HTTP/2 beside a plain request are passed over", async () => {
    const offer =
      "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";
    expect((await get("/web/x", offer)).statuses).toEqual([200]);
    expect(Object.keys(upstream.requests[0]?.headers ?? {})).not.toContain("upgrade");
  });
});

describe("a request for a tunnel", () => {
  it("is told why there is none, and what to do", async () => {
    const asked = "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n";
    const { statuses, text } = await rawRequest(gateway.port, [asked], 5_000);
    expect(statuses).toEqual([400]);
    expect(text).toContain("Set the client's base URL");
  });

  it("or an upgrade that breaks off while it is turned away ends nothing else", async () => {
    const upgrade =
      "GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    for (let i = 0; i < 40; i += 1) {
      const socket = connect(gateway.port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(i % 2 === 0 ? upgrade : "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n");
      if (i % 4 > 1) await once(socket, "data");
      socket.resetAndDestroy();
    }
    expect((await get("/web/x")).statuses).toEqual([200]);
    expect(gateway.child.exitCode).toBeNull();
  });
});

describe("a model that was not judged", () => {
  const ask = async (target: string, body: object, more = {}): Promise<number> => {
    const headers = { "content-type": "application/json", ...more };
    const init = { method: "POST", headers, body: JSON.stringify({ messages: [], ...body }) };
    return (await fetch(gateway.url + target, init)).status;
  };

  it.each([
    { model: "cheap", models: ["dear"] },
    { model: "cheap", fallbacks: ["dear"] },
    { model: "cheap", Model: "dear" },
    { model: "cheap", ſtream: true },
    { model: ["cheap"] },
    { model: "cheap", n: -1 },
    { model: "cheap", max_tokens: "5" },
    { model: "cheap", stream: "true" },
  ])("is not asked for with %j", async (body) => {
    expect(await ask("/openai/v1/chat/completions", body)).toBe(400);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    "/openai/v1/chat/completions/",
    "/openai/v1/Chat/Completions",
    "/openai/v1/chat%2Fcompletions",
  ])(
    "is not reached unmetered by another spelling, also where unknown paths may pass: %s",
    async (target) => {
      expect(await ask(target, { model: "dear" })).toBe(400);
      expect(upstream.requests).toEqual([]);
    },
  );

  it.each(["utf-7", "utf-16", "utf-8; charset=utf-7"])(
    "is not named in a charset that we do not read: %s",
    async (charset) => {
      const type = { "content-type": `application/json; charset=${charset}` };
      expect(await ask("/openai/v1/chat/completions", { model: "cheap" }, type)).toBe(400);
      expect(upstream.requests).toEqual([]);
    },
  );

  it("cannot speak to the operator's terminal by its name", async () => {
    await ask("/openai/v1/chat/completions", { model: "x\u001b[2J\u009b2J\u202e" });
    await expect.poll(() => gateway.output()).toContain("x\\u001b[2J\\u{9b}2J\\u{202e}");
    const { output } = await runSallyport(["ledger", "tail", "--config", gateway.configFile]);
    expect(output).toContain("x\\u{1b}[2J");
    for (const shown of [gateway.output(), output]) {
      const line = shown.replaceAll("\n", "");
      expect(printable(line)).toBe(line);
    }
  });

  it("does not keep its bill from us by a field mask", async () => {
    const mask = { "x-goog-fieldmask": "candidates" };
    const target = "/gemini/v1beta/models/cheap:generateContent";
    expect(await ask(target, { contents: [] }, mask)).toBe(400);
    expect(upstream.requests).toEqual([]);
  });
});

describe("an MCP endpoint", () => {
  it("is asked without the query that servers take their scope from", async () => {
    const reply = await fetch(`${gateway.url}/mcp/tools?read_only=false`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
    });
    expect(reply.status).toBe(400);
    expect(upstream.requests).toEqual([]);
  });
});
