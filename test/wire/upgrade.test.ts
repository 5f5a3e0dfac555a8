import { createHash } from "node:crypto";
import { createServer, get, type IncomingHttpHeaders, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SECRET = "sk-vaulted-0123456789abcdefghijklmnop";
const MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A WebSocket server of one trick: it sends every short text message back (RFC 6455 §5). */
function echo(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame: Buffer) => {
    const opcode = (frame[0] ?? 0) & 0x0f;
    const length = (frame[1] ?? 0) & 0x7f;
    if (opcode === 8) return void socket.end(Buffer.from([0x88, 0]));
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(
      frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0)),
    );
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
}

let server: Server;
let seen: IncomingHttpHeaders[] = [];
let urls: string[] = [];
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = createServer();
  server.on("upgrade", (request, socket) => {
    seen.push(request.headers);
    urls.push(request.url ?? "");
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}${MAGIC}`)
      .digest("base64");
    const protocol = request.headers["sec-websocket-protocol"]?.split(",")[0];
    const chosen = protocol === undefined ? "" : `sec-websocket-protocol: ${protocol}\r\n`;
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
        `${chosen}sec-websocket-accept: ${accept}\r\n\r\n`,
    );
    echo(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\n" +
      "limits: { drain_ms: 1000 }\nupstreams:\n" +
      `  - { name: openai, wire: openai, url: "http://127.0.0.1:${address.port}", allow_private: true, ` +
      'credential: { ref: "env://TEST_PROVIDER_KEY" } }\n',
    policies: {
      "realtime.yaml":
        "version: 1\nagents: [tester]\nrules:\n" +
        "  - { id: realtime, http: { upstreams: [openai], paths: [/v1/realtime], upgrade: true }, effect: allow }\n",
    },
    env: { TEST_PROVIDER_KEY: SECRET },
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

const socketUrl = (path: string): string =>
  `${sallyport.url.replace("http:", "ws:")}/openai${path}`;

describe("an upgrade that a rule allows", () => {
  it("is tunnelled behind clean headers and the vault's credential", async () => {
    seen = [];
    urls = [];
    const socket = new WebSocket(socketUrl("/v1/realtime?model=gpt-realtime"), ["realtime"]);
    const answer = await new Promise<string>((resolve, reject) => {
      socket.addEventListener("open", () => socket.send("hello"));
      socket.addEventListener("message", (event) => resolve(String(event.data)));
      socket.addEventListener("error", () => reject(new Error("the socket failed")));
    });
    socket.close();
    expect(answer).toBe("hello");
    expect(urls).toEqual(["/v1/realtime?model=gpt-realtime"]);
    expect(seen[0]).toMatchObject({ authorization: `Bearer ${SECRET}`, upgrade: "websocket" });
    const names = Object.keys(seen[0] ?? {});
    expect(
      names.filter((name) => name.startsWith("x-sallyport") || name.startsWith("x-forwarded")),
    ).toEqual([]);
  });

  it("leaves no subprotocol that carries the client's own key", async () => {
    seen = [];
    await status("/v1/realtime", {
      "sec-websocket-protocol": "realtime, openai-insecure-api-key.sk-agent",
    });
    expect(seen[0]?.["sec-websocket-protocol"]).toBe("realtime");
  });
});

describe("an upgrade that no rule allows", () => {
  it.each(["/v1/responses", "/v1/other"])(
    "on %s is a 426 and never reaches the upstream",
    async (path) => {
      seen = [];
      expect(await status(path, {})).toBe(426);
      expect(seen).toEqual([]);
    },
  );
});

function status(path: string, more: Readonly<Record<string, string>>): Promise<number> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...more,
  };
  return new Promise((resolve, reject) => {
    get(`${sallyport.url}/openai${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("upgrade", (response, socket) => {
        socket.destroy();
        resolve(response.statusCode ?? 0);
      })
      .on("error", reject);
  });
}
