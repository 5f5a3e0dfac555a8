import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

/** An upstream whose manners are chosen by the path: what a bad day looks like from inside. */
const MANNERS: Readonly<Record<string, (socket: Socket) => void>> = {
  "/hang": () => {},
  "/reset": (socket) => socket.resetAndDestroy(),
  "/close": (socket) => socket.end(),
  "/garbage": (socket) => socket.end("this is not HTTP\r\n\r\n"),
  "/hang-after-head": (socket) =>
    void socket.write(
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nab",
    ),
  "/reset-mid-stream": (socket) => {
    socket.write(
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
      () => setImmediate(() => socket.resetAndDestroy()),
    );
  },
  "/hang-mid-stream": (socket) =>
    void socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"),
  "/long-short": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\nab"),
  "/short": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab"),
  "/two-lengths": (socket) =>
    void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\nab"),
  "/long-nothing": (socket) => socket.end("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n"),
  "/header-bomb": (socket) =>
    void socket.end(
      `HTTP/1.1 200 OK\r\nx-bomb: ${"a".repeat(200_000)}\r\ncontent-length: 2\r\n\r\nab`,
    ),
};

async function startBadUpstream(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const path = data.toString("latin1").split(" ")[1] ?? "";
      (
        MANNERS[path] ??
        ((one: Socket) => void one.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"))
      )(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let upstream: Awaited<ReturnType<typeof startBadUpstream>>;
let gateway: SallyportProcess;

beforeAll(async () => {
  upstream = await startBadUpstream();
  gateway = await startHttpGateway({
    upstreamUrl: `http://127.0.0.1:${upstream.port}`,
    upstream: "timeouts: { connect_ms: 500, headers_ms: 1100, idle_ms: 1100, total_ms: 4000 }",
    config:
      "limits: { headers_timeout_ms: 1000, body_idle_ms: 500, body_grace_ms: 1000, header_bytes_max: 8192 }\n",
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  upstream.close();
});

describe("an upstream on a bad day", () => {
  it.each([
    ["/hang", 504, "upstream_timeout"],
    ["/reset", 502, "upstream_broken"],
    ["/close", 502, "upstream_broken"],
    ["/garbage", 502, "upstream_broken"],
    ["/two-lengths", 502, "upstream_broken"],
    ["/header-bomb", 502, "upstream_broken"],
    // Small answers are gathered before their head goes out, so these can still be said properly.
    ["/hang-after-head", 504, "upstream_timeout"],
    ["/short", 502, "upstream_broken"],
  ])("%s is answered with %i %s", async (path, status, code) => {
    const reply = await fetch(`${gateway.url}/web${path}`);
    const body = (await reply.json()) as { code: string };
    expect([reply.status, body.code]).toEqual([status, code]);
  });

  it.each(["/hang-mid-stream", "/reset-mid-stream", "/long-short"])(
    "%s after the head breaks the connection instead of ending it cleanly",
    async (path) => {
      await expect(
        fetch(`${gateway.url}/web${path}`).then((reply) => reply.text()),
      ).rejects.toThrow();
    },
  );

  it("that gives a 204 a length does not make the client wait for it", async () => {
    const reply = await rawRequest(gateway.port, [
      "GET /web/long-nothing HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ]);
    expect(reply.statuses).toEqual([204]);
    expect(reply.text).not.toMatch(/content-length/i);
  });

  it.each(["GET", "POST"])(
    "that drops its connection as a %s comes has had it once, and the next over a new one",
    async (method) => {
      const seen: string[] = [];
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", (data) => {
          const path = data.toString("latin1").split(" ")[1] ?? "";
          seen.push(path);
          if (path === "/dropped") return void socket.resetAndDestroy();
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        });
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const { port } = server.address() as AddressInfo;
      await using gate = await startHttpGateway({ upstreamUrl: `http://127.0.0.1:${port}` });
      const statuses: number[] = [];
      for (const path of ["/first", "/dropped", "/again"]) {
        const reply = await fetch(`${gate.url}/web${path}`, { method });
        await reply.text();
        statuses.push(reply.status);
      }
      expect({ statuses, seen }).toEqual({
        statuses: [200, 502, 200],
        seen: ["/first", "/dropped", "/again"],
      });
      server.close();
    },
  );

  it("that refuses connections is a 502 that says so", async () => {
    await using other = await startHttpGateway({
      upstreamUrl: `http://127.0.0.1:${await freePort()}`,
    });
    const reply = await fetch(`${other.url}/web/x`);
    const body = (await reply.json()) as { code: string };
    expect([reply.status, body.code]).toEqual([502, "upstream_unreachable"]);
  });
});

describe("a client on a bad day", () => {
  it("that sends its head slowly is closed", async () => {
    const reply = await rawRequest(gateway.port, ["GET /web/x HTTP/1.1\r\nhost: lo"], 45_000);
    expect(reply.closed).toBe(true);
  });

  it("that sends too many header bytes is refused with 431", async () => {
    const reply = await rawRequest(gateway.port, [
      `GET /web/x HTTP/1.1\r\nhost: localhost\r\nx-bomb: ${"a".repeat(20_000)}\r\n\r\n`,
    ]);
    expect(reply.statuses).toEqual([431]);
  });

  it("whose upload was answered before its end finds the connection closed, not silent", async () => {
    const upload = "POST /web/early HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n";
    const { statuses, closed } = await rawRequest(gateway.port, [`${upload}0123456789`]);
    expect([statuses, closed]).toEqual([[200], true]);
  });

  it("whose upload found no upstream goes on with its next request", async () => {
    const upstreamUrl = `http://127.0.0.1:${await freePort()}`;
    await using dead = await startHttpGateway({ upstreamUrl });
    const upload = "POST /web/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20000\r\n\r\n";
    const next = "GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n";
    const { text } = await rawRequest(dead.port, [upload, "x".repeat(20_000) + next]);
    expect(text.match(/HTTP\/1\.1 \d{3}/gu)).toEqual(["HTTP/1.1 502", "HTTP/1.1 404"]);
  });

  it("that leaves at any byte of its request leaves nothing running", async () => {
    const request = "POST /web/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nhello";
    for (let cut = 1; cut < request.length; cut += 7) {
      await rawRequest(gateway.port, [request.slice(0, cut)], 5, 5);
    }
    const running = async (): Promise<string | undefined> => {
      const metrics = await (await fetch(`${gateway.manageUrl}/metrics`)).text();
      return /^sallyport_exchanges_running (\d+)$/m.exec(metrics)?.[1];
    };
    await expect.poll(running).toBe("0");
    expect((await fetch(`${gateway.url}/web/fine`)).status).toBe(200);
  });
});

describe("a body that must be judged", () => {
  let strict: SallyportProcess;
  beforeAll(async () => {
    strict = await startSallyport({
      config:
        "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
        `upstreams:\n  - { name: llm, wire: openai, url: "http://127.0.0.1:${upstream.port}", allow_private: true, request_bytes_max: 65536 }\n` +
        "limits: { body_idle_ms: 500, body_grace_ms: 1000, body_bytes_per_second_min: 1000 }\n" +
        "prices: { unpriced: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }\n",
      policies: {
        "llm.yaml":
          "version: 1\nagents: [tester]\nrules:\n  - { id: all, llm: { models: ['*'] }, effect: allow }\n",
      },
    });
  });
  afterAll(() => strict[Symbol.asyncDispose]());

  const post = async (
    body: string | Buffer<ArrayBuffer>,
    type = "application/json",
  ): Promise<[number, string]> => {
    const reply = await fetch(`${strict.url}/llm/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
    const answered = (await reply.json()) as { code?: string; error: { message: string } };
    return [reply.status, `${answered.code}: ${answered.error.message}`];
  };

  it.each([
    ["malformed JSON", '{"model": "m", "messages": [}'],
    ["a duplicate key", '{"model": "cheap", "messages": [], "model": "dear"}'],
    ["no object", "[]"],
    ["no model", '{"messages": []}'],
    ["trailing bytes", '{"model": "m", "messages": []} {}'],
    ["bytes that are no UTF-8", Buffer.from('{"model": "m\xff", "messages": []}', "latin1")],
  ])("with %s is refused as malformed", async (_name, body) => {
    const [status, text] = await post(body);
    expect(status).toBe(400);
    expect(text).toContain("malformed");
  });

  it("of a wrong content type is refused", async () => {
    const [status] = await post("model=m", "application/x-www-form-urlencoded");
    expect(status).toBe(400);
  });

  it("that is too large is refused with 413, also when it never ends", async () => {
    const [status] = await post(JSON.stringify({ model: "m", messages: ["a".repeat(100_000)] }));
    expect(status).toBe(413);
    const endless = await rawRequest(strict.port, [
      "POST /llm/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
        "transfer-encoding: chunked\r\n\r\n",
      ...Array.from({ length: 100 }, () => `400\r\n${"a".repeat(1024)}\r\n`),
    ]);
    expect(endless.statuses).toEqual([413]);
    expect(endless.closed).toBe(true);
  });

  it("that stalls is given up", async () => {
    const reply = await rawRequest(
      strict.port,
      [
        "POST /llm/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" +
          'content-length: 500\r\n\r\n{"model": ',
      ],
      5_000,
    );
    expect(reply.statuses).toEqual([400]);
    expect(reply.closed).toBe(true);
  });
});
