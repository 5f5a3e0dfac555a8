import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer, get } from "node:http";
import { describe, expect, it } from "vitest";
import { startManagement, type Management } from "../../../src/manage/management.ts";
import type { Vitals } from "../../../src/manage/vitals.ts";

/** Another API that calls itself well whatever happens. */
const serve: RequestListener = (request, response) => void response.end(`other ${request.url}`);
const other = {
  name: "other",
  owns: (path: string) => path === "/healthz",
  serve: () => Promise.resolve(serve),
};

function listening(
  ok: boolean,
  create: (options: ServerOptions) => Server = createServer,
): Promise<Management> {
  const vitals: Vitals = {
    checks: () => Promise.resolve([{ name: "ledger", ok, detail: "as the test says" }]),
    status: () => Promise.reject(new Error("not asked for")),
    metrics: () => Promise.reject(new Error("not asked for")),
    failed: () => {},
  };
  const listener = { scheme: "http", create } as const;
  const native = () => Promise.resolve(serve);
  return startManagement(
    { host: "127.0.0.1", port: 0 },
    { listener, vitals, native, mounted: [other], publicUrl: "https://gate.example.com/sallyport" },
  );
}

describe("/healthz, where another API has it as well", () => {
  it.each([
    [true, "/healthz", 200, "other /healthz"],
    [true, "/other/healthz", 200, "other /healthz"],
    [false, "/healthz", 503, '{"status":"fail"'],
    [false, "/other/healthz", 200, "other /healthz"],
  ])("with health %s answers %s with %i", async (ok, path, status, text) => {
    const management = await listening(ok);
    const reply = await fetch(management.url + path);
    expect([reply.status, await reply.text()]).toEqual([status, expect.stringContaining(text)]);
    await management.close();
  });
});

describe("a client of the management listener", () => {
  it("is not waited for without end, nor are its headers", async () => {
    let given: ServerOptions = {};
    const management = await listening(true, (options) => createServer((given = options)));
    const { headersTimeout = Infinity, connectionsCheckingInterval = Infinity } = given;
    expect(headersTimeout + connectionsCheckingInterval).toBeLessThanOrEqual(15_000);
    expect(given.requestTimeout).toBeGreaterThan(headersTimeout);
    const bomb = await fetch(`${management.url}/livez`, { headers: { x: "a".repeat(40_000) } });
    expect(bomb.status).toBe(431);
    await management.close();
  });
});

describe("a page", () => {
  it.each([
    ["127.0.0.1:4101", undefined, 200],
    ["localhost:4101", "http://localhost:4101", 200],
    ["gate.example.com", undefined, 200],
    ["gate.example.com", "https://gate.example.com", 200],
    ["127.0.0.1:4101", "https://gate.example.com", 200],
    ["127.0.0.1:4101", "http://gate.example.com", 403],
    ["127.0.0.1:4101", "https://evil.example.com", 403],
    ["127.0.0.1:4101", "null", 403],
    ["evil.example.com", undefined, 421],
    ["gate.example.com:81", undefined, 421],
  ])("at %s from %s hears %i on loopback", async (host, origin, status) => {
    const management = await listening(true);
    const headers = { host, ...(origin !== undefined && { origin }) };
    const heard = await new Promise((resolve) => {
      get(`${management.url}/livez`, { headers }, (reply) => resolve(reply.resume().statusCode));
    });
    expect(heard).toBe(status);
    await management.close();
  });
});

describe("what is only read", () => {
  it.each(["/livez", "/readyz", "/metrics"])("answers a POST to %s with 405", async (path) => {
    const management = await listening(true);
    const reply = await fetch(management.url + path, { method: "POST" });
    expect([reply.status, reply.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    await management.close();
  });
});
