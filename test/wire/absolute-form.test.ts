import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import {
  KEYS,
  proxyAuthorization,
  startForwardGateway,
  type AgentName,
  type ForwardGateway,
} from "../support/forward-gateway.ts";
import { ledgerLines } from "../support/ledger-lines.ts";
import { askProxy, rest, type ProxyAnswer } from "../support/proxy-client.ts";

let home: ForwardGateway;
beforeAll(async () => {
  home = await startForwardGateway();
});
afterAll(() => home[Symbol.asyncDispose]());

interface Said {
  readonly agent?: AgentName;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly method?: string;
  readonly body?: string;
}

async function ask(target: string, said: Said = {}): Promise<ProxyAnswer> {
  const { agent = "ada", method = "GET", headers = [], body = "" } = said;
  const { host = URL.parse(target)?.host ?? "none" } = said;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    `Proxy-Authorization: ${proxyAuthorization(agent)}`,
    "Proxy-Connection: keep-alive",
    "Connection: close",
    ...(body === "" ? [] : [`Content-Length: ${body.length}`, "Content-Type: text/plain"]),
    ...headers,
  ];
  const answer = await askProxy(home.gate.port, `${lines.join("\r\n")}\r\n\r\n${body}`);
  return { ...answer, body: answer.body + (await rest(answer.socket)).toString() };
}

describe("a request in absolute form", () => {
  it("reaches the host that a rule names, without what is none of its business", async () => {
    const before = home.asked.length;
    const answer = await ask(`http://${home.places.plain}/a/b?c=d`, {
      headers: [
        "Authorization: Bearer theirs",
        "Cookie: a=b",
        "X-Forwarded-For: 10.0.0.1",
        "X-Own: 1",
      ],
    });
    expect([answer.status, answer.body]).toEqual([200, "you asked for /a/b?c=d"]);
    const seen = home.asked[before];
    expect(seen?.url).toBe("/a/b?c=d");
    expect(seen?.headers).toMatchObject({ host: home.places.plain, "x-own": "1" });
    for (const name of [
      "authorization",
      "cookie",
      "proxy-authorization",
      "proxy-connection",
      "x-forwarded-for",
    ]) {
      expect(seen?.headers[name], name).toBeUndefined();
    }
  });

  it("is on the record as what it was", async () => {
    const { exchange } = await ask(`http://${home.places.plain}/recorded`);
    const intent = await eventually(async () => {
      const lines = await ledgerLines(home.gate.dataDirectory);
      const found = lines.find((one) => one.kind === "intent" && one["exchange"] === exchange);
      if (found === undefined) throw new Error("no intent");
      return found;
    });
    expect(intent).toMatchObject({
      asked: {
        action: { host: home.places.plain, path: "/recorded", special: "forwarded" },
        decision: { because: ["plain"] },
        upstream: "forward-proxy",
      },
    });
  });

  it("to an upstream of the gate goes as if it were called by its name", async () => {
    const open = await ask(`http://${home.places.upstream}/base/open/x`);
    expect([open.status, open.body]).toEqual([200, "the upstream has /base/open/x"]);
    const shut = await ask(`http://${home.places.upstream}/base/shut`, { method: "DELETE" });
    expect([shut.status, JSON.parse(shut.body).code]).toEqual([403, "policy_denied"]);
  });

  it("beside an upstream's prefix does not pass by its rules", async () => {
    const answer = await ask(`http://${home.places.upstream}/elsewhere`);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "tunnel_refused"]);
    expect(JSON.parse(answer.body).remedy).toContain("/web");
  });

  it("is looked into where policy says so", async () => {
    const body = "my key is AKIAIOSFODNN7EXAMPLQ and ghp_0123456789abcdefghijABCDEFGHIJ012345";
    const answer = await ask(`http://${home.places.plain}/`, {
      agent: "watched",
      method: "POST",
      body,
    });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "request_blocked"]);
  });

  it("is judged by the host that it names", async () => {
    const target = "http://login.paypa1-secure.com/signin";
    const answer = await ask(target, { agent: "careful" });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "request_blocked"]);
    expect(answer.body).toContain("destination");
  });

  it("needs a rule that names a host", async () => {
    const answer = await ask(`http://${home.places.plain}/`, { agent: "broad" });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "policy_denied"]);
    expect(JSON.parse(answer.body).detail).toContain(`GET http://${home.places.plain}/`);
  });

  it("without a key is asked for one in the way of proxies", async () => {
    const target = `http://${home.places.plain}/`;
    const answer = await askProxy(
      home.gate.port,
      `GET ${target} HTTP/1.1\r\nHost: ${home.places.plain}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(407);
    expect(answer.head).toMatch(/proxy-authenticate: Basic/i);
  });

  it("takes a key in any slot, and sends none of them on", async () => {
    const before = home.asked.length;
    const answer = await askProxy(
      home.gate.port,
      `GET http://${home.places.plain}/slot HTTP/1.1\r\nHost: ${home.places.plain}\r\n` +
        `X-Sallyport-Key: ${KEYS.ada}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(JSON.stringify(home.asked[before]?.rawHeaders)).not.toContain(KEYS.ada);
  });

  it.each<readonly [string, () => string, Said]>([
    ["https", () => `https://${home.places.plain}/`, {}],
    ["ftp", () => "ftp://files.example/", {}],
    ["a user", () => `http://me:secret@${home.places.plain}/`, { host: "localhost" }],
    ["another Host", () => `http://${home.places.plain}/`, { host: "other.example" }],
    ["dot segments", () => `http://${home.places.plain}/a/../b`, {}],
    ["a fragment", () => `http://${home.places.plain}/a#b`, {}],
    [
      "a WebSocket",
      () => `http://${home.places.plain}/`,
      { headers: ["Upgrade: websocket", "Connection: upgrade"] },
    ],
  ])("with %s is malformed", async (_what, target, said) => {
    const before = home.asked.length;
    const answer = await ask(target(), said);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, "malformed"]);
    expect(home.asked).toHaveLength(before);
  });

  it("to a port that is not listed is refused", async () => {
    const answer = await ask("http://localhost:25/");
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "tunnel_refused"]);
  });

  it("to an address that nobody listed is refused", async () => {
    const answer = await ask(`http://${home.places.plain.replace("localhost", "127.0.0.1")}/`);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([403, "address_forbidden"]);
  });
});
