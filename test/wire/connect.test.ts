import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientHello } from "../support/client-hello.ts";
import { eventually } from "../support/eventually.ts";
import {
  proxyAuthorization,
  startForwardGateway,
  type AgentName,
  type ForwardGateway,
} from "../support/forward-gateway.ts";
import { ledgerLines, type LedgerLine } from "../support/ledger-lines.ts";
import {
  askProxy,
  askTunnel,
  getInside,
  nextChunk,
  rest,
  type ProxyAnswer,
} from "../support/proxy-client.ts";

let home: ForwardGateway;
beforeAll(async () => {
  home = await startForwardGateway();
});
afterAll(() => home[Symbol.asyncDispose]());

const tunnel = (authority: string, agent: AgentName = "ada"): Promise<ProxyAnswer> =>
  askTunnel(home.gate.port, authority, { "Proxy-Authorization": proxyAuthorization(agent) });

/** The outcome of an exchange, once it is on the record. */
function outcome(exchange: string): Promise<LedgerLine> {
  return eventually(async () => {
    const lines = await ledgerLines(home.gate.dataDirectory);
    const found = lines.find((line) => line.kind === "outcome" && line["exchange"] === exchange);
    if (found === undefined) throw new Error(`no outcome of ${exchange}`);
    return found;
  });
}

describe("a tunnel that a rule allows", () => {
  it("is counted while it is open", async () => {
    const open = async (): Promise<string | undefined> => {
      const text = await (await fetch(`${home.gate.manageUrl}/metrics`)).text();
      return /^sallyport_tunnels_open\{kind="connect"\} (\d+)$/m.exec(text)?.[1];
    };
    expect(await open()).toBe("0");
    const { socket } = await tunnel(home.places.echo);
    expect(await open()).toBe("1");
    socket.destroy();
    await expect.poll(open).toBe("0");
  });

  it("carries TLS to its host, and the record says what was seen of it: nothing", async () => {
    const answer = await tunnel(home.places.secure);
    expect(answer.head).toMatch(/^HTTP\/1\.1 200 Connection Established\r\n/);
    expect(await getInside(answer.socket, "localhost", "/hidden")).toContain("inside is /hidden");
    answer.socket.destroy();
    const closed = await outcome(answer.exchange);
    expect(closed).toMatchObject({
      outcome: { kind: "completed", status: 200 },
      dispatched: true,
      checked: {
        request: { kind: "unscanned", reason: "tunnel" },
        response: { kind: "unscanned", reason: "tunnel" },
      },
      connection: {
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        server_name: "localhost",
        sent: expect.any(Number),
        received: expect.any(Number),
      },
    });
    const intent = (await ledgerLines(home.gate.dataDirectory)).find(
      (line) => line.kind === "intent" && line["exchange"] === answer.exchange,
    );
    expect(intent).toMatchObject({
      asked: {
        action: { kind: "http", method: "CONNECT", host: home.places.secure, special: "tunnel" },
        decision: { kind: "allow", because: ["tunnels"], marks: ["untrusted"] },
        upstream: "forward-proxy",
      },
    });
  });

  it("takes the ClientHello in whatever pieces it comes", async () => {
    const { socket } = await tunnel(home.places.silent);
    const hello = clientHello({ names: ["localhost"] });
    const before = home.met.length;
    for (const byte of hello) socket.write(Buffer.from([byte]));
    const far = await eventually(() => {
      const found = home.met[before - 1] ?? home.met.at(-1);
      if (found === undefined) throw new Error("nobody came");
      return found;
    });
    let heard = Buffer.alloc(0);
    far.on("data", (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])));
    await expect.poll(() => heard.equals(hello)).toBe(true);
    socket.destroy();
  });

  it("takes what its client sends behind the request at once", async () => {
    const head =
      `CONNECT ${home.places.secure} HTTP/1.1\r\nHost: ${home.places.secure}\r\n` +
      `Proxy-Authorization: ${proxyAuthorization("ada")}\r\n\r\n`;
    const hello = clientHello({ names: ["localhost"] });
    const answer = await askProxy(home.gate.port, Buffer.concat([Buffer.from(head), hello]));
    // The server does not like a hello without key shares, and says so in TLS.
    const heard = Buffer.concat([Buffer.from(answer.body, "latin1"), await rest(answer.socket)]);
    expect(heard[0]).toBe(21);
    answer.socket.destroy();
    expect((await outcome(answer.exchange))["connection"]).toMatchObject({
      server_name: "localhost",
      sent: hello.length,
    });
  });

  it("marks its session while it is open, not when it ends", async () => {
    const session = "X-Sallyport-Session: marked-by-a-tunnel\r\n";
    const head = async (): Promise<number> => {
      const answer = await askProxy(
        home.gate.port,
        `HEAD http://${home.places.plain}/ HTTP/1.1\r\nHost: ${home.places.plain}\r\n${session}` +
          `Proxy-Authorization: ${proxyAuthorization("ada")}\r\nConnection: close\r\n\r\n`,
      );
      answer.socket.destroy();
      return answer.status;
    };
    expect(await head()).toBe(200);
    const { socket } = await askTunnel(home.gate.port, home.places.echo, {
      "Proxy-Authorization": proxyAuthorization("ada"),
      "X-Sallyport-Session": "marked-by-a-tunnel",
    });
    socket.write("something");
    await nextChunk(socket);
    expect(await head()).toBe(403);
    socket.destroy();
  });

  it("ends one direction at a time", async () => {
    const { socket } = await tunnel(home.places.echo);
    socket.write("all that I have to say");
    socket.end();
    expect((await rest(socket)).toString()).toBe("all that I have to say");
  });

  it("passes megabytes at the pace of whoever takes them", async () => {
    const { socket, exchange } = await tunnel(home.places.echo);
    const sent = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef");
    socket.write(sent);
    socket.end();
    expect((await rest(socket)).equals(sent)).toBe(true);
    expect(await outcome(exchange)).toMatchObject({
      outcome: { kind: "completed", bytes: sent.length },
      connection: { sent: sent.length, received: sent.length },
    });
  });

  it("is left by its client, and the host is left too", async () => {
    const before = home.met.length;
    const { socket, exchange } = await tunnel(home.places.silent);
    socket.write(clientHello({ names: ["localhost"] }));
    const far = await eventually(() => {
      const found = home.met[before];
      if (found === undefined) throw new Error("nobody came");
      return found;
    });
    await once(far, "data");
    const ended = once(far, "end");
    socket.resetAndDestroy();
    await ended;
    expect((await outcome(exchange)).outcome).toMatchObject({ kind: "abandoned", by: "client" });
  });
});

describe("a tunnel is refused, and a client can tell why", () => {
  it("with 407 where no key is shown, as proxies ask for one", async () => {
    const answer = await askTunnel(home.gate.port, home.places.secure);
    expect(answer.status).toBe(407);
    expect(answer.head).toMatch(/proxy-authenticate: Basic realm="sallyport"/i);
    expect(answer.head).not.toMatch(/www-authenticate/i);
    expect(JSON.parse(answer.body)).toMatchObject({
      status: 407,
      code: "unauthenticated",
      remedy: expect.stringContaining("http://agent:<key>@"),
    });
  });

  it("with 407 where what is shown is nobody's key", async () => {
    const wrong = { "Proxy-Authorization": `Basic ${btoa("ada:not-a-key")}` };
    expect((await askTunnel(home.gate.port, home.places.secure, wrong)).status).toBe(407);
  });

  it("by policy, with the host and the rule that it would need", async () => {
    const answer = await tunnel("elsewhere.example:443");
    expect(answer.status).toBe(403);
    const problem = JSON.parse(answer.body);
    expect(problem).toMatchObject({ code: "policy_denied" });
    expect(problem.detail).toContain("CONNECT to elsewhere.example");
    expect(problem.remedy).toContain("hosts: [elsewhere.example], methods: [CONNECT]");
    expect(await outcome(answer.exchange)).toMatchObject({
      asked: { action: { host: "elsewhere.example" }, principal: { agent: "ada" } },
      dispatched: false,
    });
  });

  it("by a rule that allows everything but names no host", async () => {
    const answer = await tunnel(home.places.secure, "broad");
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "policy_denied"]);
  });

  it("until a person says yes, where a rule asks one", async () => {
    const answer = await tunnel(home.places.secure, "asker");
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "approval_required",
      review: expect.stringMatching(/^rev_/),
    });
  });

  it("where an inspect rule wants to look inside", async () => {
    const answer = await tunnel(home.places.secure, "watched");
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "tunnel_unscannable",
      detail: expect.stringContaining("keys-out"),
    });
  });

  it("to an upstream of the gate, with the base URL in its place", async () => {
    const answer = await tunnel(home.places.upstream);
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({
      code: "tunnel_refused",
      remedy: expect.stringContaining(`${home.gate.url}/web`),
    });
  });

  it("to a port that is not listed", async () => {
    const answer = await tunnel("localhost:22");
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "tunnel_refused"]);
  });

  it.each(["127.0.0.1", "169.254.169.254"])(
    "to %s, an address that nobody listed",
    async (host) => {
      const answer = await tunnel(home.places.secure.replace("localhost", host));
      expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "address_forbidden"]);
    },
  );

  it.each([
    ["a path", "CONNECT /secret HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["no port", "CONNECT localhost HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["a user", "CONNECT me@localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n"],
    ["a last dot", "CONNECT localhost.:443 HTTP/1.1\r\nHost: localhost.:443\r\n\r\n"],
    ["another Host", "CONNECT localhost:443 HTTP/1.1\r\nHost: other:443\r\n\r\n"],
    ["a body", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"],
  ])("with 400 for %s", async (_what, request) => {
    expect((await askProxy(home.gate.port, request)).status).toBe(400);
  });
});

describe("what comes first into a tunnel must be TLS for its host", () => {
  it.each([
    ["another name", clientHello({ names: ["front.example"] })],
    ["no name", clientHello({})],
    ["a hidden hello", clientHello({ names: ["localhost"], more: [ech()] })],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["SSH", Buffer.from("SSH-2.0-OpenSSH\r\n")],
  ])("%s ends it with an alert, and the host hears nothing", async (_what, first) => {
    const before = home.met.length;
    const { socket, exchange, status } = await tunnel(home.places.silent);
    expect(status).toBe(200);
    socket.write(first);
    expect(await rest(socket)).toEqual(Buffer.from([21, 3, 3, 0, 2, 2, 49]));
    expect(await outcome(exchange)).toMatchObject({
      dispatched: false,
      outcome: { kind: "cut", code: "hello_refused" },
      connection: { sent: 0 },
    });
    const far = home.met[before];
    if (far === undefined) throw new Error("nobody came");
    expect(await rest(far)).toHaveLength(0);
  });

  it("unless the host is listed as opaque", async () => {
    const { socket } = await tunnel(home.places.echo);
    socket.write("SSH-2.0-OpenSSH\r\n");
    expect((await nextChunk(socket))?.toString()).toBe("SSH-2.0-OpenSSH\r\n");
    socket.destroy();
  });

  it("a client that leaves before is on the record as gone", async () => {
    const { socket, exchange } = await tunnel(home.places.silent);
    socket.write(clientHello({ names: ["localhost"] }).subarray(0, 20));
    socket.end();
    await rest(socket);
    expect((await outcome(exchange)).outcome).toMatchObject({ kind: "abandoned", by: "client" });
  });
});

function ech() {
  return { type: 0xfe0d, content: Buffer.alloc(64) };
}
