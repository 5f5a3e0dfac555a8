/** A WebSocket stays open for hours: what its agent may do and what its session has read change. */
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "undici";
import { acceptEcho } from "../support/echo-socket.ts";
import { readRecorded } from "../support/recorded.ts";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((at) => at?.address === "::1");
const SOON = { timeout: 15_000 };

let server: Server;
let gate: SallyportProcess;

beforeAll(async () => {
  server = createServer((_request, response) => response.end("ok"));
  server.on("upgrade", (request, socket) => acceptEcho(request, socket));
  await new Promise<void>((resolve) => server.listen(0, hasIpv6 ? "::" : "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const upstream = (name: string, host: string): string =>
    `  - { name: ${name}, wire: http, url: "http://${host}:${address.port}", allow_private: true }\n`;
  gate = await startSallyport({
    config:
      "agents: [{ name: ada }]\nlimits: { drain_ms: 1000 }\nupstreams:\n" +
      upstream("live", "127.0.0.1") +
      (hasIpv6 ? upstream("six", "[::1]") : ""),
    policies: {
      "live.yaml":
        "version: 1\nagents: [ada]\nrules:\n" +
        "  - { id: live, http: { upstreams: [live, six], paths: [/feed], upgrade: true }, effect: allow,\n" +
        "      marks: [untrusted] }\n" +
        "  - { id: send, http: { upstreams: [live], paths: [/send] }, effect: allow,\n" +
        "      when: '!session.marks.exists(m, m == \"untrusted\")' }\n",
    },
  });
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

const run = (...args: string[]) => runSallyport([...args, "--config", gate.configFile]);

async function newKey(name: string): Promise<{ readonly key: string; readonly id: string }> {
  const made = await run("keys", "create", name, "--agent", "ada");
  expect(made.code, made.output).toBe(0);
  const line = (await run("keys", "list")).stdout.split("\n").find((row) => row.includes(name));
  return { key: made.stdout.trim(), id: /key_\w+/.exec(line ?? "")?.[0] ?? "" };
}

interface OpenSocket {
  readonly closed: Promise<unknown>;
  close(): void;
}

/** Open, and something has come back. */
function openSocket(path: string, key: string, session = "none"): Promise<OpenSocket> {
  const socket = new WebSocket(`${gate.url.replace("http:", "ws:")}${path}`, {
    headers: { "x-sallyport-key": key, "x-sallyport-session": session },
  });
  const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => socket.send("hello"));
    socket.addEventListener("message", () => resolve({ closed, close: () => socket.close() }));
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
  });
}

async function cuts(): Promise<readonly string[]> {
  const { outcomes } = await readRecorded(gate.dataDirectory);
  const ends = [...outcomes.values()].flat().map(({ outcome }) => outcome);
  return ends.flatMap((end) => (end.kind === "cut" ? [end.code] : []));
}

describe("an open WebSocket", () => {
  it("has marked its session before anything came back", async () => {
    const { key } = await newKey("marks");
    const send = (): Promise<Response> =>
      fetch(`${gate.url}/live/send`, {
        headers: { "x-sallyport-key": key, "x-sallyport-session": "reader" },
      });
    expect((await send()).status).toBe(200);
    const socket = await openSocket("/live/feed", key, "reader");
    expect((await send()).status).toBe(403);
    socket.close();
    await socket.closed;
  });

  it.runIf(hasIpv6)("leads to an upstream that is written as an IPv6 address", async () => {
    const { key } = await newKey("six");
    const socket = await openSocket("/six/feed", key);
    socket.close();
    await socket.closed;
  });

  it("ends with the key that it was opened with", async () => {
    const lent = await newKey("lent");
    const socket = await openSocket("/live/feed", lent.key);
    expect((await run("keys", "revoke", lent.id)).code).toBe(0);
    await socket.closed;
    await expect.poll(cuts, SOON).toContain("unauthenticated");
  });

  it("ends when its agent is frozen", async () => {
    const { key } = await newKey("frozen");
    const socket = await openSocket("/live/feed", key);
    expect((await run("agents", "freeze", "ada", "--reason", "test")).code).toBe(0);
    await socket.closed;
    await expect.poll(cuts, SOON).toContain("agent_stopped");
  });
});
