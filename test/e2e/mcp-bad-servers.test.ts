/**
 * Servers that behave badly, and messages that mean harm: each ends in a bound of time and memory,
 * with words that a client can act on, and the next call works.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const VERSION = "2026-07-28";
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
const EVENTS = { "content-type": "text/event-stream" };
const FLOOD_BYTES = 64 * 1024 * 1024;

let server: Server;
let sallyport: SallyportProcess;
/** Tools that reached the server. */
const reached: string[] = [];

/** What the server does with each tool. */
const TOOLS: Readonly<Record<string, (id: unknown, response: ServerResponse) => void>> = {
  good: (id, response) => response.end(answer(id, "good")),
  stall: () => {},
  stall_in_stream: (_, response) => {
    response.writeHead(200, EVENTS);
    response.write(": here\n\n");
  },
  break: (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 4096 });
    response.write('{"jsonrpc":"2.0","id":', () => response.destroy());
  },
  break_in_stream: (_, response) => {
    response.writeHead(200, EVENTS);
    response.write(event(NEWS), () => response.destroy());
  },
  end_in_stream: (_, response) => {
    response.writeHead(200, EVENTS);
    response.end(event(NEWS));
  },
  nothing: (_, response) => response.end(),
  error_page: (_, response) => {
    response.writeHead(503, { "content-type": "text/html" });
    response.end("<h1>Down for maintenance</h1>");
  },
  no_page: (_, response) => {
    response.writeHead(404, { "content-type": "text/html" }).end("<h1>Not found</h1>");
  },
  redirect: (_, response) => {
    response.writeHead(307, { location: "http://127.0.0.1:9/elsewhere" });
    response.end();
  },
  other_type: (_, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.end("hello");
  },
  flood: (_, response) => flood(response, "application/json", '{"jsonrpc":"2.0","x":"'),
  flood_event: (_, response) => flood(response, EVENTS["content-type"], "data: "),
  flood_of_events: (id, response) => {
    response.writeHead(200, EVENTS);
    const noise = {
      jsonrpc: "2.0",
      method: "notifications/message",
      params: { level: "info", data: "x" },
    };
    for (let i = 0; i < 20_000; i += 1) response.write(event(JSON.stringify(noise)));
    response.end(event(answer(id, "after the flood")));
  },
  twice: (id, response) => {
    response.writeHead(200, EVENTS);
    response.end(event(answer(id, "first")) + event(answer(id, "second")));
  },
  another: (_, response) => response.end(answer(4711, "not yours")),
  batch: (id, response) => response.end(`[${answer(id, "in a batch")}]`),
  twice_a_key: (id, response) =>
    response.end(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{},"result":{"content":[]}}`,
    ),
  deep: (id, response) =>
    response.end(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
    ),
};

function answer(id: unknown, text: string): string {
  const result = { resultType: "complete", content: [{ type: "text", text }] };
  return JSON.stringify({ jsonrpc: "2.0", id, result });
}

const NEWS = JSON.stringify({
  jsonrpc: "2.0",
  method: "notifications/message",
  params: { level: "info", data: "x" },
});

const event = (json: string): string => `event: message\ndata: ${json}\n\n`;

/** As much as the other side takes, up to a limit. */
function flood(response: ServerResponse, type: string, start: string): void {
  response.writeHead(200, { "content-type": type });
  response.write(start);
  const chunk = Buffer.alloc(64 * 1024, "a");
  let sent = 0;
  const more = (): void => {
    while (sent < FLOOD_BYTES) {
      sent += chunk.length;
      if (!response.write(chunk)) return void response.once("drain", more);
    }
    response.end();
  };
  response.once("error", () => {});
  more();
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => respond(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const upstream = (name: string, more: string): string =>
    `  - { name: ${name}, wire: mcp, url: "${url}", allow_private: true, response_bytes_max: 1048576, request_bytes_max: 1048576${more} }\n`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nupstreams:\n" +
      upstream("bad", ", timeouts: { headers_ms: 500, idle_ms: 500 }") +
      upstream("patient", ', deadlines: [{ tool: "stall*", ms: 300 }]'),
    policies: {
      "tester.yaml": `version: 1
agents: [tester]
rules:
  - { id: all, tools: ["*.*"], effect: allow }
inspect:
  - { id: keys, on: [tool_result], find: [secret], do: block }
`,
    },
  });
});

function respond(asked: IncomingMessage, body: Buffer, response: ServerResponse): void {
  if (asked.method !== "POST") return void response.writeHead(405).end();
  const { id, method, params } = JSON.parse(body.toString()) as {
    id?: unknown;
    method: string;
    params?: { name?: string };
  };
  response.setHeader("content-type", "application/json");
  if (method === "server/discover") {
    const result = { resultType: "complete", supportedVersions: [VERSION], capabilities: {} };
    return void response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  }
  if (method === "initialize") {
    const error = { code: -32601, message: "there are no sessions here" };
    return void response.writeHead(400).end(JSON.stringify({ jsonrpc: "2.0", id, error }));
  }
  const name = params?.name ?? "";
  reached.push(name);
  TOOLS[name]?.(id, response);
}

afterAll(async () => {
  await sallyport?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});

const JSON_HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

interface Heard {
  readonly status: number;
  readonly text: string;
}

async function post(
  body: string,
  headers: Record<string, string> = {},
  path = "/mcp/bad",
): Promise<Heard> {
  const { statusCode, body: said } = await request(sallyport.url + path, {
    method: "POST",
    headers: { ...JSON_HEADERS, ...headers },
    body,
  });
  return { status: statusCode, text: await said.text() };
}

const stateless = (name: string): Record<string, string> => ({
  "mcp-protocol-version": VERSION,
  "mcp-method": "tools/call",
  "mcp-name": name,
});

function callText(name: string, id: unknown = 7, args: object = {}): string {
  const _meta = { [VERSION_KEY]: VERSION, "io.modelcontextprotocol/clientCapabilities": {} };
  const params = { name, arguments: args, _meta };
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
}

const call = (name: string, path?: string): Promise<Heard> =>
  post(callText(name), stateless(name), path);

describe("a server", () => {
  it.each<[string, RegExp]>([
    ["stall", /upstream_timeout/],
    ["stall_in_stream", /upstream_timeout/],
    ["flood", /response_unscannable|upstream_broken|body_too_large/],
    ["flood_event", /response_unscannable|upstream_broken/],
    ["break", /upstream_broken/],
    ["break_in_stream", /upstream_broken/],
    ["end_in_stream", /upstream_broken/],
    ["nothing", /upstream_broken/],
    ["redirect", /upstream_broken/],
    ["other_type", /upstream_broken/],
    ["another", /upstream_broken/],
    ["batch", /upstream_broken/],
    ["twice_a_key", /upstream_broken/],
    ["deep", /upstream_broken|response_unscannable/],
  ])("that does %s is an error of that call in words", async (name, code) => {
    const { text } = await call(name);
    expect(text).toMatch(/"isError":true|"error"/);
    expect(text).toMatch(code);
    expect((await call("good")).text).toContain("good");
  });

  it("that says with a status what is wrong is heard as it is", async () => {
    const heard = await call("error_page");
    expect(heard).toEqual({ status: 503, text: "<h1>Down for maintenance</h1>" });
  });

  it.each<[string, string, number, number]>([
    ["error_page", "HTTP status 503", 503, 503],
    // With a session, 404 would mean that the session is over.
    ["no_page", "HTTP status 404", 404, 502],
  ])(
    "that does so for %s is heard in words where the gate stands between",
    async (name, said, ...codes) => {
      const [together, inSession] = codes;
      const all = await post(callText(`bad.${name}`), stateless(`bad.${name}`), "/mcp");
      expect(all.status).toBe(together);
      expect(JSON.parse(all.text)).toMatchObject({
        id: 7,
        error: { message: expect.stringContaining(said) },
      });

      const hello = { protocolVersion: "2025-11-25", capabilities: {} };
      const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: hello };
      const opened = await request(`${sallyport.url}/mcp/bad`, {
        method: "POST",
        headers: JSON_HEADERS,
        body: JSON.stringify(initialize),
      });
      await opened.body.dump();
      const session = { "mcp-session-id": String(opened.headers["mcp-session-id"]) };
      const params = { name, arguments: {} };
      const asked = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params });
      const heard = await post(asked, session);
      expect(heard.status).toBe(inSession);
      expect(heard.text).toContain(said);
    },
  );

  it("that answers twice is heard once", async () => {
    const { text } = await call("twice");
    expect(text).toContain("first");
    expect(text).not.toContain("second");
  });

  it("that floods with news is heard to its end", async () => {
    expect((await call("flood_of_events")).text).toContain("after the flood");
  });

  it.each(["stall", "stall_in_stream"])(
    "that is too slow for %s ends by its deadline",
    async (name) => {
      const { text } = await call(name, "/mcp/patient");
      expect(text).toMatch(/took too long|upstream_timeout/);
      expect(text).toMatch(/"isError":true/);
    },
  );
});

describe("a message", () => {
  const good = callText("good");
  it.each<[string, string, Record<string, string>, number]>([
    ["a batch", `[${good}]`, stateless("good"), 400],
    ["two ids", good.replace(`"id":7`, `"id":7,"id":8`), stateless("good"), 400],
    [
      "two names",
      good.replace(`"name":"good"`, `"name":"good","name":"bad"`),
      stateless("good"),
      400,
    ],
    [
      "a name in another case",
      good.replace(`"params":{`, `"params":{"Name":"bad",`),
      stateless("good"),
      400,
    ],
    ["no id that is allowed", good.replace(`"id":7`, `"id":7.5`), stateless("good"), 400],
    ["a header of another tool", good, stateless("other"), 400],
    [
      "another method in the header",
      good,
      { ...stateless("good"), "mcp-method": "tools/list" },
      400,
    ],
    [
      "another version in the header",
      good,
      { ...stateless("good"), "mcp-protocol-version": "2025-11-25" },
      400,
    ],
    ["a parameter header that lies", good, { ...stateless("good"), "mcp-param-x": "y" }, 400],
    [
      "depth",
      callText("good").replace(
        `"arguments":{}`,
        `"arguments":{"x":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      ),
      stateless("good"),
      400,
    ],
    ["a foreign host", good, { ...stateless("good"), host: "evil.example" }, 403],
    ["a foreign origin", good, { ...stateless("good"), origin: "https://evil.example" }, 403],
  ])("with %s reaches no server", async (_, body, headers, status) => {
    const before = reached.length;
    const heard = await post(body, headers);
    expect(heard.status).toBe(status);
    expect(reached.length).toBe(before);
  });

  it("that is larger than may be judged is refused", async () => {
    const before = reached.length;
    const heard = await post(callText("good", 7, { x: "y".repeat(2_000_000) }), stateless("good"));
    expect(heard.text).toMatch(/body_too_large/);
    expect(reached.length).toBe(before);
  });
});
