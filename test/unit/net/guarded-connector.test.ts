import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Pool, request } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { millis } from "../../../src/core/units.ts";
import {
  ADDRESS_FORBIDDEN,
  createGuardedConnector,
  type GuardOptions,
  type ResolveName,
} from "../../../src/proxy/net/guarded-connector.ts";
import { TLS_CERT, TLS_KEY } from "./tls-fixture.ts";

const CONNECT_TIMEOUT = millis(5_000);
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function listening(server: Server): Promise<{ port: number; hosts: string[] }> {
  const hosts: string[] = [];
  server.on("request", (incoming, response) => {
    hosts.push(incoming.headers.host ?? "");
    response.setHeader("connection", "close").end("hello");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, hosts };
}

/** A resolver that gives the n-th answer at the n-th question, and counts them. */
function answers(...lists: readonly (readonly string[])[]) {
  let asked = 0;
  const resolve: ResolveName = (_hostname, done) => {
    const list = lists[Math.min(asked, lists.length - 1)] ?? [];
    asked += 1;
    queueMicrotask(() =>
      done(
        null,
        list.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      ),
    );
  };
  return { resolve, asked: () => asked };
}

function poolTo(origin: string, options: Partial<GuardOptions>): Pool {
  const connect = createGuardedConnector({
    allowPrivate: false,
    connectTimeout: CONNECT_TIMEOUT,
    ...options,
  });
  const pool = new Pool(origin, { connect });
  open.push(() => pool.destroy());
  return pool;
}

async function get(pool: Pool, path = "/"): Promise<string> {
  const { body } = await pool.request({ method: "GET", path });
  return body.text();
}

describe("createGuardedConnector over plain HTTP", () => {
  it("connects to the address it vetted and keeps the original Host", async () => {
    const { port, hosts } = await listening(createServer());
    const { resolve, asked } = answers(["127.0.0.1"]);
    const pool = poolTo(`http://api.example:${port}`, { allowPrivate: true, resolve });

    expect(await get(pool)).toBe("hello");
    expect(hosts).toEqual([`api.example:${port}`]);
    expect(asked()).toBe(1);
  });

  it("refuses a name that leads to a loopback address, and does not connect", async () => {
    const { port, hosts } = await listening(createServer());
    const { resolve } = answers(["127.0.0.1"]);
    const pool = poolTo(`http://api.example:${port}`, { resolve });

    await expect(get(pool)).rejects.toMatchObject({
      code: ADDRESS_FORBIDDEN,
      message: "api.example leads to loopback, which this upstream may not reach",
    });
    expect(hosts).toEqual([]);
  });

  it("refuses a name whose answer changes to a forbidden address between two connections", async () => {
    const { port, hosts } = await listening(createServer());
    const { resolve } = answers(["127.0.0.1"], ["169.254.169.254"]);
    const pool = poolTo(`http://rebind.example:${port}`, { allowPrivate: true, resolve });

    expect(await get(pool)).toBe("hello");
    await expect(get(pool)).rejects.toMatchObject({ code: ADDRESS_FORBIDDEN });
    expect(hosts).toHaveLength(1);
  });

  it("drops the forbidden addresses of a name and uses the rest", async () => {
    const { port } = await listening(createServer());
    const { resolve } = answers(["169.254.169.254", "ff02::1", "127.0.0.1"]);
    const pool = poolTo(`http://mixed.example:${port}`, { allowPrivate: true, resolve });
    expect(await get(pool)).toBe("hello");
  });

  it("tries the next address where the first does not answer", async () => {
    const { port } = await listening(createServer());
    const { resolve } = answers(["::1", "127.0.0.1"]);
    const pool = poolTo(`http://two.example:${port}`, { allowPrivate: true, resolve });
    expect(await get(pool)).toBe("hello");
  });

  it("refuses metadata by name also where private addresses are allowed", async () => {
    const { resolve } = answers(["169.254.169.254"]);
    const pool = poolTo("http://metadata.google.internal", { allowPrivate: true, resolve });
    await expect(get(pool)).rejects.toMatchObject({ code: ADDRESS_FORBIDDEN });
  });

  it("passes on that a name does not exist", async () => {
    const missing = Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" });
    const pool = poolTo("http://nowhere.example", { resolve: (_name, done) => done(missing, []) });
    await expect(get(pool)).rejects.toMatchObject({ code: "ENOTFOUND" });
  });

  it("gives up on a resolver that does not answer", async () => {
    const silent = { connectTimeout: millis(20), resolve: () => {} };
    const pool = poolTo("http://silent.example", silent);
    await expect(get(pool)).rejects.toMatchObject({ code: "UND_ERR_CONNECT_TIMEOUT" });
  });

  it("judges what the system's own resolver says", async () => {
    const { port, hosts } = await listening(createServer());
    await expect(get(poolTo(`http://localhost:${port}`, {}))).rejects.toMatchObject({
      code: ADDRESS_FORBIDDEN,
    });
    expect(await get(poolTo(`http://localhost:${port}`, { allowPrivate: true }))).toBe("hello");
    expect(hosts).toEqual([`localhost:${port}`]);
  });

  it("refuses a name without addresses", async () => {
    const pool = poolTo("http://empty.example", { resolve: answers([]).resolve });
    await expect(get(pool)).rejects.toMatchObject({ code: ADDRESS_FORBIDDEN });
  });

  it("passes on that nobody listens", async () => {
    const server = createServer();
    const { port } = await listening(server);
    await new Promise((done) => server.close(done));
    const pool = poolTo(`http://127.0.0.1:${port}`, { allowPrivate: true });
    await expect(get(pool)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it.each([
    "http://127.0.0.1",
    "http://127.1",
    "http://0x7f000001",
    "http://2130706433",
    "http://0177.0.0.1",
    "http://0.0.0.0",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://[fd00:ec2::254]",
    "http://192.0.2.1",
    "http://255.255.255.255",
  ])("refuses the literal %s", async (origin) => {
    const { port, hosts } = await listening(createServer());
    const pool = poolTo(`${origin}:${port}`, {});
    await expect(get(pool)).rejects.toMatchObject({ code: ADDRESS_FORBIDDEN });
    expect(hosts).toEqual([]);
  });

  it.each(["127.1", "0x7f000001", "2130706433", "0177.0.0.01", "1.2.3.0x", "example.127"])(
    "refuses %s where nobody normalised it, whatever it would resolve to",
    async (hostname) => {
      const { resolve, asked } = answers(["127.0.0.1"]);
      const connect = createGuardedConnector({
        allowPrivate: true,
        connectTimeout: CONNECT_TIMEOUT,
        resolve,
      });
      const target = { hostname, host: hostname, protocol: "http:", port: "80" };
      const error = await new Promise((done) => connect(target, (...reply) => done(reply[0])));
      expect(error).toMatchObject({ code: ADDRESS_FORBIDDEN });
      expect(asked()).toBe(0);
    },
  );

  it("lets the operator name a loopback literal with allowPrivate", async () => {
    const { port, hosts } = await listening(createServer());
    const pool = poolTo(`http://127.0.0.1:${port}`, { allowPrivate: true });
    expect(await get(pool)).toBe("hello");
    expect(hosts).toEqual([`127.0.0.1:${port}`]);
  });

  it("does not follow a redirect by itself", async () => {
    const server = createServer((_incoming, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    open.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const dispatcher = poolTo(`http://127.0.0.1:${port}`, { allowPrivate: true });
    const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, { dispatcher });
    await body.dump();
    expect(statusCode).toBe(302);
  });
});

describe("createGuardedConnector over TLS", () => {
  const { resolve } = answers(["127.0.0.1"]);

  it("proves the original name although it connects to an address", async () => {
    const { port, hosts } = await listening(createTlsServer({ key: TLS_KEY, cert: TLS_CERT }));
    const trusted = { allowPrivate: true, resolve, readAuthorities: () => TLS_CERT };
    const pool = poolTo(`https://api.example:${port}`, trusted);
    expect(await get(pool)).toBe("hello");
    expect(hosts).toEqual([`api.example:${port}`]);
  });

  it("refuses a certificate for another name", async () => {
    const { port, hosts } = await listening(createTlsServer({ key: TLS_KEY, cert: TLS_CERT }));
    const trusted = { allowPrivate: true, resolve, readAuthorities: () => TLS_CERT };
    const pool = poolTo(`https://other.example:${port}`, trusted);
    await expect(get(pool)).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(hosts).toEqual([]);
  });

  it("refuses a certificate nobody vouches for, also when the environment says not to check", async () => {
    const { port, hosts } = await listening(createTlsServer({ key: TLS_KEY, cert: TLS_CERT }));
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    open.push(() => void delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
    const pool = poolTo(`https://api.example:${port}`, { allowPrivate: true, resolve });
    await expect(get(pool)).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(hosts).toEqual([]);
  });
});
