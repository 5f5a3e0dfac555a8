/** What a hostile upstream answers, and what must not come of it. */
import { readFileSync } from "node:fs";
import { createServer, connect, type Server, type Socket } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outcomeOf, readRecorded } from "../support/recorded.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SECRET = "sk-vaulted/0123456789+abcdefghijklmnop";
const BOMB_BYTES = 400_000_000;

/** An unmasked text frame (RFC 6455 §5.2) of up to 125 bytes. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}

function answer(lines: readonly string[], body: string | Buffer, status = "200 OK"): Buffer {
  const bytes = Buffer.from(body);
  const head = [`HTTP/1.1 ${status}`, ...lines, `content-length: ${bytes.length}`, "", ""];
  return Buffer.concat([Buffer.from(head.join("\r\n")), bytes]);
}

const SWITCHING =
  `HTTP/1.1 101 ${SECRET}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
  `x-echo: Bearer ${SECRET}\r\nset-cookie: key=${SECRET}\r\nsec-websocket-accept: x\r\n\r\n`;

const ANSWERS: Readonly<Record<string, () => readonly (Buffer | string)[]>> = {
  "/ws": () => [SWITCHING, frame(`you sent ${SECRET}.`), frame("ends with s"), frame("last")],
  "/ws-bytewise": () => [SWITCHING, ...Array.from(frame(`x${SECRET}`), (byte) => Buffer.of(byte))],
  "/ws-denied": () => [answer([`x-echo: ${SECRET}`], `no ${SECRET}`, `403 ${SECRET}`)],
  "/ws-fall-back": () => [answer([], "", "426 Upgrade Required")],
  "/utf16": () => [
    answer(["content-type: text/plain; charset=utf-16le"], Buffer.from(`a ${SECRET}`, "utf16le")),
  ],
  "/name": () => [answer([`x-${Buffer.from(SECRET).toString("hex")}: 1`, "x-other: 1"], "ok")],
  "/transfer-coded": () => [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\nconnection: close\r\n\r\n",
    gzipSync(SECRET),
  ],
  "/two-connections": () => [answer(["connection: keep-alive", "connection: x-a", "x-a: 1"], "ok")],
  "/bomb": () => [
    answer(
      ["content-type: text/plain", "content-encoding: zstd"],
      zstdCompressSync(Buffer.alloc(BOMB_BYTES)),
    ),
  ],
};

let server: Server;
let sallyport: SallyportProcess;
const sockets = new Set<Socket>();

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (head) => {
      const path = head.toString("latin1").split(" ")[1] ?? "";
      for (const piece of ANSWERS[path]?.() ?? []) socket.write(piece);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      "log: { level: debug }\nlimits: { drain_ms: 500 }\nupstreams:\n" +
      `  - { name: web, wire: http, url: "http://127.0.0.1:${address.port}", ` +
      'allow_private: true, credential: { ref: "env://TEST_KEY" } }\n',
    policies: {
      "web.yaml":
        "version: 1\nagents: [tester]\nrules:\n" +
        "  - { id: web, http: { upstreams: [web], upgrade: true }, effect: allow }\n",
    },
    env: { TEST_KEY: SECRET },
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const get = (path: string, headers = ""): ReturnType<typeof rawRequest> =>
  rawRequest(
    sallyport.port,
    [`GET /web${path} HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n`],
    300,
  );

const UPGRADE =
  "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-extensions: permessage-deflate\r\n";

describe("an upstream that sends the credential back", () => {
  it.each(["/ws", "/ws-bytewise"])(
    "in a WebSocket's head and frames leaks nothing: %s",
    async (path) => {
      const { text, statuses } = await get(path, UPGRADE);
      expect(statuses).toEqual([101]);
      expect(text).toContain("*".repeat(SECRET.length));
      expect(text).toContain("x-echo: Bearer [redacted]");
      expect(text).not.toContain(SECRET);
    },
  );

  it("does not make a message wait that ends like the credential begins", async () => {
    const { text } = await get("/ws", UPGRADE);
    expect(text).toContain(`\x81\x0bends with s\x81\x04last`);
  });

  it("in a refused upgrade leaks nothing, and the record does not call it an upgrade", async () => {
    const { text, statuses } = await get("/ws-denied", UPGRADE);
    expect(statuses).toEqual([502]);
    expect(text).not.toContain(SECRET);
    const exchange = /x-request-id: (\S+)/.exec(text)?.[1] ?? "";
    await expect
      .poll(async () => outcomeOf(await readRecorded(sallyport.dataDirectory), exchange))
      .toMatchObject({ outcome: { kind: "refused", code: "upstream_broken" } });
  });

  it("as the name of a header leaks nothing", async () => {
    const reply = await fetch(`${sallyport.url}/web/name`);
    const names = [...reply.headers.keys()];
    expect(names).toContain("x-other");
    expect(names.filter((name) => name.length > 40)).toEqual([]);
  });

  it("in a transfer coding that nobody asked for is broken, not passed on", async () => {
    const reply = await fetch(`${sallyport.url}/web/transfer-coded`);
    expect(reply.status).toBe(502);
    expect(await reply.text()).toContain("upstream_broken");
  });

  it("in UTF-16 leaks nothing", async () => {
    const { text } = await get("/utf16");
    expect(text).toContain("a\0 \0*");
    expect(text.replaceAll("\0", "")).not.toContain(SECRET);
  });

  it("leaves no trace of it in logs, metrics, status or any file", async () => {
    for (const path of ["/metrics", "/core/v1/status", "/readyz?verbose"]) {
      const reply = await fetch(sallyport.manageUrl + path);
      expect(await reply.text()).not.toContain(SECRET);
    }
    expect(sallyport.output()).not.toContain(SECRET);
    const { entries } = await readRecorded(sallyport.dataDirectory);
    expect(JSON.stringify(entries)).not.toContain(SECRET);
  });
});

describe("an upstream with bad manners", () => {
  it("that wants plain requests is a 426, on which clients fall back", async () => {
    expect((await get("/ws-fall-back", UPGRADE)).statuses).toEqual([426]);
  });

  it("may send Connection twice", async () => {
    const { text, statuses } = await get("/two-connections");
    expect(statuses).toEqual([200]);
    expect(text).not.toContain("x-a");
  });

  it("cannot fill the memory with what a few bytes decode to", async () => {
    const memory = (): number => {
      const status = readFileSync(`/proc/${sallyport.child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
    };
    const before = memory();
    const client = connect(sallyport.port, "127.0.0.1").pause();
    client.write("GET /web/bomb HTTP/1.1\r\nhost: localhost\r\n\r\n");
    // The client takes nothing, while the gateway gets all the turns it wants.
    for (let i = 0; i < 1500; i += 1) await (await fetch(`${sallyport.manageUrl}/livez`)).text();
    client.destroy();
    expect(memory() - before).toBeLessThan(BOMB_BYTES / 4);
  });
});
