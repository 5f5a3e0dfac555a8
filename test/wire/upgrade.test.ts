import { createServer, get, type IncomingHttpHeaders, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptEcho } from "../support/echo-socket.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SECRET = "sk-vaulted-0123456789abcdefghijklmnop";

let server: Server;
let seen: IncomingHttpHeaders[] = [];
let urls: string[] = [];
let sallyport: SallyportProcess;

beforeAll(async () => {
  server = createServer();
  server.on("upgrade", (request, socket) => {
    seen.push(request.headers);
    urls.push(request.url ?? "");
    acceptEcho(request, socket);
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
