import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ALLOW_WEB, startHttpGateway } from "../support/http-gateway.ts";
import { rawRequest } from "../support/raw-http.ts";
import {
  startRecordingUpstream,
  type Answer,
  type RecordingUpstream,
} from "../support/recording-upstream.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

const OPEN = `${ALLOW_WEB}
  - { id: closed, http: { upstreams: [web], paths: [/closed] }, effect: deny }
`;
const INSPECTING = `${ALLOW_WEB}
inspect:
  - { id: keys, on: [response], find: [secret], do: redact }
`;

/** Made for this test; the shape of a real one, the value of none. */
const TOKEN = `ghp_${"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8".slice(0, 36)}`;

let upstream: RecordingUpstream;
let gateway: SallyportProcess;
let inspecting: SallyportProcess;
let answer: Answer;

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response, body) =>
    answer(request, response, body),
  );
  gateway = await startHttpGateway({ upstreamUrl: upstream.url, policy: OPEN });
  inspecting = await startHttpGateway({ upstreamUrl: upstream.url, policy: INSPECTING });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await inspecting[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
beforeEach(() => {
  upstream.requests.length = 0;
  answer = (_request, response) => void response.end("ok");
});

const last = (): RecordingUpstream["requests"][number] => {
  const request = upstream.requests.at(-1);
  if (request === undefined) throw new Error("nothing reached the upstream");
  return request;
};

describe("methods and bodies", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])(
    "%s travels with its path, query and body",
    async (method) => {
      const body = method === "GET" ? {} : { body: "hello" };
      const reply = await fetch(`${gateway.url}/web/a/b%20c?x=1&y=%2F`, { method, ...body });
      expect(reply.status).toBe(200);
      expect(last()).toMatchObject({ method, url: "/a/b%20c?x=1&y=%2F" });
      expect(last().body.toString()).toBe(method === "GET" ? "" : "hello");
    },
  );

  it("answers HEAD with the length and no body", async () => {
    answer = (_request, response) => void response.writeHead(200, { "content-length": "12" }).end();
    const reply = await fetch(`${gateway.url}/web/x`, { method: "HEAD" });
    expect(reply.headers.get("content-length")).toBe("12");
    expect(await reply.text()).toBe("");
  });

  it.each([204, 304])("passes a bodiless %i on", async (status) => {
    answer = (_request, response) => void response.writeHead(status, { etag: '"v1"' }).end();
    const reply = await fetch(`${gateway.url}/web/x`);
    expect({ status: reply.status, etag: reply.headers.get("etag") }).toEqual({
      status,
      etag: '"v1"',
    });
  });

  it("passes a range request and its partial answer on", async () => {
    answer = (_request, response) =>
      void response
        .writeHead(206, { "content-range": "bytes 2-4/10", "content-length": "3" })
        .end("cde");
    const reply = await fetch(`${gateway.url}/web/x`, { headers: { range: "bytes=2-4" } });
    expect(last().headers.range).toBe("bytes=2-4");
    expect([reply.status, reply.headers.get("content-range"), await reply.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "cde",
    ]);
  });

  it("asks for the whole where answers are looked at: a secret has no marks in slices", async () => {
    answer = (_request, response) => void response.end("0123456789");
    const headers = { range: "bytes=2-4", "if-range": '"v1"' };
    const reply = await fetch(`${inspecting.url}/web/x`, { headers });
    expect([reply.status, await reply.text()]).toEqual([200, "0123456789"]);
    expect(last().headers).not.toHaveProperty("range");
    expect(last().headers).not.toHaveProperty("if-range");
  });

  it("does not follow a redirect", async () => {
    answer = (_request, response) =>
      void response.writeHead(302, { location: "http://10.0.0.1/" }).end();
    const reply = await fetch(`${gateway.url}/web/x`, { redirect: "manual" });
    expect([reply.status, reply.headers.get("location")]).toEqual([302, "http://10.0.0.1/"]);
    expect(upstream.requests).toHaveLength(1);
  });

  it("leads a redirect to the same upstream through itself, with the key that stays here", async () => {
    answer = (request, response) => {
      if (request.url === "/new?a=1") response.end("moved here");
      else
        response
          .writeHead(301, { location: `${upstream.url}/new?a=1`, link: "</p2>; rel=next" })
          .end();
    };
    const told = await fetch(`${gateway.url}/web/old`, { redirect: "manual" });
    expect(told.headers.get("location")).toBe("/web/new?a=1");
    expect(told.headers.get("link")).toBe("</web/p2>; rel=next");
    const followed = await fetch(`${inspecting.url}/web/old`);
    expect([followed.url, await followed.text()]).toEqual([
      `${inspecting.url}/web/new?a=1`,
      "moved here",
    ]);
  });

  it("passes response trailers on", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { trailer: "x-checksum" });
      response.write("body");
      response.addTrailers({ "x-checksum": "abc" });
      response.end();
    };
    const reply = await rawRequest(gateway.port, [
      "GET /web/x HTTP/1.1\r\nhost: localhost\r\nte: trailers\r\nconnection: close\r\n\r\n",
    ]);
    expect(reply.text).toContain("x-checksum: abc");
  });

  it("lets the client send only after it was let in when it expects 100-continue", async () => {
    const reply = await new Promise<{ continued: boolean; status: number }>((resolve, reject) => {
      let continued = false;
      const request = httpRequest(`${gateway.url}/web/up`, {
        method: "PUT",
        headers: { expect: "100-continue", "content-length": "5" },
      });
      request.on("continue", () => {
        continued = true;
        request.end("hello");
      });
      request.on("response", (response) => {
        response.resume();
        resolve({ continued, status: response.statusCode ?? 0 });
      });
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(reply).toEqual({ continued: true, status: 200 });
    expect(last().body.toString()).toBe("hello");
  });
});

it("a denied client that expects 100-continue is answered without having been asked to send", async () => {
  const reply = await rawRequest(gateway.port, [
    "PUT /web/closed HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
  ]);
  expect(reply.statuses).toEqual([403]);
});

describe("streams", () => {
  it("streams the answer as it comes", async () => {
    let finish = (): void => {};
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("first");
      finish = () => void response.end("second");
    };
    const reply = await fetch(`${gateway.url}/web/x`);
    const reader = reply.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toBe("first");
    finish();
    const second = await reader?.read();
    expect(new TextDecoder().decode(second?.value)).toBe("second");
  });
});

describe("encodings", () => {
  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("reads %s when inspection needs the text", async (encoding, compress) => {
    const packed = compress(Buffer.from(`the token is ${TOKEN} indeed`));
    answer = (_request, response) =>
      void response
        .writeHead(200, { "content-type": "text/plain", "content-encoding": encoding })
        .end(packed);
    const reply = await fetch(`${inspecting.url}/web/x`);
    const text = await reply.text();
    expect(reply.headers.get("content-encoding")).toBeNull();
    expect(text).not.toContain(TOKEN);
    expect(text).toMatch(/^the token is .* indeed$/);
  });

  it("leaves compressed answers alone when nobody looks", async () => {
    const packed = gzipSync(Buffer.from("hello"));
    answer = (_request, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
    const reply = await fetch(`${gateway.url}/web/x`);
    expect(reply.headers.get("content-encoding")).toBe("gzip");
    expect(await reply.text()).toBe("hello");
  });

  it("withholds an answer in an encoding it cannot read", async () => {
    answer = (_request, response) =>
      void response
        .writeHead(200, { "content-type": "text/plain", "content-encoding": "compress" })
        .end("???");
    const reply = await fetch(`${inspecting.url}/web/x`);
    expect([reply.status, (await problem(reply)).code]).toEqual([403, "response_unscannable"]);
  });
});

describe("headers", () => {
  it("strips every credential header a client may send", async () => {
    await fetch(`${gateway.url}/web/x`, {
      headers: {
        authorization: "Bearer sk-client",
        "x-api-key": "a",
        "api-key": "b",
        "x-goog-api-key": "c",
        cookie: "session=1",
        "proxy-authorization": "Basic eDp5",
        "x-custom": "kept",
      },
    });
    const names = Object.keys(last().headers);
    for (const name of ["authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"]) {
      expect(names).not.toContain(name);
    }
    expect(names).not.toContain("proxy-authorization");
    expect(last().headers["x-custom"]).toBe("kept");
  });

  it("keeps what the upstream grants for the credential, which was not the agent's", async () => {
    answer = (_request, response) => {
      response.setHeader("set-cookie", ["JSESSIONID=of-the-credential; HttpOnly", "b=1"]);
      response.setHeader("trailer", "set-cookie");
      response.setHeader("x-auth-token", "of-the-credential");
      response.write("signed in");
      response.addTrailers({ "set-cookie": "late=of-the-credential" });
      response.end();
    };
    for (const { port } of [gateway, inspecting]) {
      const head =
        "GET /web/login HTTP/1.1\r\nhost: localhost\r\nte: trailers\r\nconnection: close\r\n\r\n";
      const { text } = await rawRequest(port, [head]);
      expect(text).toContain("signed in");
      expect(text.toLowerCase()).not.toContain("of-the-credential");
    }
  });

  it("drops what the Connection header names, and every hop-by-hop field", async () => {
    await rawRequest(gateway.port, [
      "GET /web/x HTTP/1.1\r\nhost: localhost\r\nconnection: close, x-drop-me\r\nx-drop-me: 1\r\n" +
        "keep-alive: timeout=5\r\nte: trailers\r\nx-stay: 1\r\n\r\n",
    ]);
    const names = Object.keys(last().headers);
    expect(names).toContain("x-stay");
    for (const name of ["x-drop-me", "keep-alive", "te"]) expect(names).not.toContain(name);
  });

  it("tells the upstream its own host", async () => {
    await fetch(`${gateway.url}/web/x`);
    expect(last().headers.host).toBe(`127.0.0.1:${upstream.port}`);
  });

  it("keeps x-should-retry and Alt-Svc of the upstream to itself", async () => {
    answer = (_request, response) =>
      void response
        .writeHead(200, { "x-should-retry": "true", "alt-svc": 'h3=":443"', "x-ok": "1" })
        .end();
    const reply = await fetch(`${gateway.url}/web/x`);
    expect([reply.headers.get("x-should-retry"), reply.headers.get("alt-svc")]).toEqual([
      null,
      null,
    ]);
    expect(reply.headers.get("x-ok")).toBe("1");
    expect(reply.headers.get("x-sallyport-exchange")).toMatch(/^exc_/);
  });

  it.each([
    ["two Host headers", "host: localhost\r\nhost: evil.example\r\n"],
    ["two lengths", "host: localhost\r\ncontent-length: 0\r\ncontent-length: 5\r\n"],
    [
      "length and chunked",
      "host: localhost\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n",
    ],
  ])("refuses %s", async (_name, lines) => {
    const reply = await rawRequest(gateway.port, [`POST /web/x HTTP/1.1\r\n${lines}\r\n`]);
    expect(reply.statuses.every((status) => status === 400)).toBe(true);
    expect(upstream.requests).toHaveLength(0);
  });

  it.each([
    ["Host", "host: evil.example\r\naccept-encoding: gzip\r\n"],
    ["Origin", "host: localhost\r\norigin: https://evil.example\r\n"],
    ["site, which names no origin", "host: localhost\r\nsec-fetch-site: cross-site\r\n"],
  ])("lets no page in a browser in, by a foreign %s", async (_name, lines) => {
    const reply = await rawRequest(gateway.port, [`POST /web/x HTTP/1.1\r\n${lines}\r\n`]);
    expect(reply.statuses).toEqual([403]);
    expect(reply.text).toContain(`"code":"foreign_origin"`);
    expect(upstream.requests).toHaveLength(0);
  });

  it("answers to a name that the operator lists, as proxies and containers know it", async () => {
    const listen = ", names: [gate.example, host.docker.internal]";
    await using known = await startHttpGateway({ upstreamUrl: upstream.url, listen });
    const statuses = async (host: string, more = ""): Promise<readonly number[]> => {
      const head = `GET /web/x HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: gzip\r\n${more}\r\n`;
      return (await rawRequest(known.port, [head])).statuses;
    };
    expect(await statuses("gate.example")).toEqual([200]);
    expect(await statuses("Host.Docker.Internal:4100")).toEqual([200]);
    expect(await statuses("gate.example", "origin: http://gate.example\r\n")).toEqual([200]);
    expect(await statuses("evil.example")).toEqual([403]);
    expect(await statuses("gate.example.evil.example")).toEqual([403]);
    expect(await statuses("gate.example", "origin: http://evil.example\r\n")).toEqual([403]);
  });

  it("says where a name would be listed", async () => {
    const head = "GET /web/x HTTP/1.1\r\nhost: gate.example\r\naccept-encoding: gzip\r\n\r\n";
    expect((await rawRequest(gateway.port, [head])).text).toContain("listen.names");
  });

  it.each([
    "/web/../x",
    "/web/%2e%2e/x",
    "/web/a%00b",
    "/web/%zz",
    "/web/a\\b",
    "http://evil.example/web/x",
  ])("refuses the target %s, which two readers could read differently", async (target) => {
    const reply = await rawRequest(gateway.port, [
      `GET ${target} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
    ]);
    expect(reply.statuses).toEqual([400]);
    expect(upstream.requests).toHaveLength(0);
  });

  it.each([
    ["/nothing/x", "at /nothing."],
    ["/mcp/nothing", "at /mcp/nothing."],
  ])("answers 404 for what is not configured: %s", async (path, place) => {
    const reply = await fetch(gateway.url + path);
    const { code, detail } = await problem(reply);
    expect([reply.status, code]).toEqual([404, "no_such_upstream"]);
    expect(detail).toContain(place);
    expect(detail).toContain("the base URL names an upstream");
  });
});

describe("connections", () => {
  it("reuses one connection to the upstream", async () => {
    await fetch(`${gateway.url}/web/x`);
    const before = upstream.connections;
    for (let i = 0; i < 5; i += 1) await (await fetch(`${gateway.url}/web/x`)).text();
    expect(upstream.connections - before).toBeLessThanOrEqual(1);
  });

  it("aborts the upstream when the client leaves", async () => {
    const gone = new Promise<boolean>((resolve) => {
      answer = (_request, response) => {
        response.write("first");
        response.on("close", () => resolve(!response.writableFinished));
      };
    });
    const abort = new AbortController();
    const reply = await fetch(`${gateway.url}/web/x`, { signal: abort.signal });
    await reply.body?.getReader().read();
    abort.abort();
    expect(await gone).toBe(true);
  });

  it("takes a client that shuts its side down for one that left, since nothing tells them apart", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = new Promise<boolean>((resolve) => {
      answer = (_request, response) => {
        asked.resolve();
        response.on("close", () => resolve(!response.writableFinished));
      };
    });
    const { port } = new URL(gateway.url);
    const client = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
    client.write(`GET /web/x HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    const read = textOf(client);
    await asked.promise;
    client.end();
    expect(await gone).toBe(true);
    expect(await read).toBe("");
  });

  it("breaks the client's connection when the upstream breaks off, so that it is no success", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("part");
      setTimeout(() => response.destroy(), 20);
    };
    await expect(fetch(`${gateway.url}/web/x`).then((reply) => reply.text())).rejects.toThrow();
  });
});

async function problem(reply: Response): Promise<{ code: string; detail: string }> {
  return (await reply.json()) as { code: string; detail: string };
}
