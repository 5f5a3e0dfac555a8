/** Answers that no decent server gives, byte for byte, and what agents make of them. */
import { createServer, type Server } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALLOW_WEB, startHttpGateway } from "../support/http-gateway.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

/** Made for this test; the shape of a real one, the value of none. */
const TOKEN = `ghp_${"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8".slice(0, 36)}`;
const SECRET = Buffer.from(`the token is ${TOKEN} indeed`);
const CLEAN = Buffer.from("nothing in it");

const head = (...fields: readonly string[]): string =>
  ["HTTP/1.1 200 OK", "content-type: text/plain", ...fields, "", ""].join("\r\n");
const whole = (body: Buffer, ...fields: readonly string[]): Buffer =>
  Buffer.concat([Buffer.from(head(...fields, `content-length: ${body.length}`)), body]);
const coded = (body: Buffer, coding: string): Buffer => whole(body, `content-encoding: ${coding}`);

const json = (body: Buffer, coding: string): Buffer =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: ${coding}\r\n` +
        `content-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
/** `hello world` in zstd, in a frame that wants a window of 128 MiB for it. */
const WIDE = Buffer.from("28b52ffd008830000068656c6c6f20290000776f726c64", "hex");

const ANSWERS: Readonly<Record<string, Buffer>> = {
  "/zlib": coded(deflateSync(SECRET), "deflate"),
  "/bare": coded(deflateRawSync(SECRET), "deflate"),
  "/twice": coded(brotliCompressSync(gzipSync(SECRET)), "gzip, br"),
  "/two-fields": whole(gzipSync(SECRET), "content-encoding: gzip", "content-encoding: identity"),
  "/no-name": coded(SECRET, ""),
  "/nothing": coded(Buffer.alloc(0), "gzip"),
  "/four": coded(gzipSync(SECRET), "gzip, gzip, gzip, gzip"),
  "/lie": json(Buffer.from('{"a":1}'), "gzip"),
  "/cut": json(gzipSync(SECRET).subarray(0, 30), "gzip"),
  "/wide": json(WIDE, "zstd"),
  "/continue": Buffer.concat([Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"), whole(CLEAN)]),
  "/hints": Buffer.concat([
    Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n".repeat(20)),
    whole(CLEAN),
  ]),
  "/switch": Buffer.from(
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  ),
  "/large-head": whole(CLEAN, `x-large: ${"y".repeat(200_000)}`),
  "/folded": Buffer.from(head("x-a: b", " c", "content-length: 2") + "ok"),
  "/old": Buffer.from("just text\r\n"),
};

const INSPECTING = `${ALLOW_WEB}
inspect:
  - { id: keys, on: [response], find: [secret], do: redact }
`;

let server: Server;
let gateway: SallyportProcess;

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const path = data.toString("latin1").split(" ")[1] ?? "";
      socket.write(ANSWERS[path] ?? whole(CLEAN));
      if (path === "/old") socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  gateway = await startHttpGateway({
    upstreamUrl: `http://127.0.0.1:${port}`,
    policy: INSPECTING,
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await new Promise((resolve) => server.close(resolve));
});

describe("an answer that is looked at", () => {
  it.each(["/zlib", "/bare", "/twice", "/two-fields", "/no-name"])(
    "is read in the encoding it has: %s",
    async (path) => {
      const reply = await fetch(`${gateway.url}/web${path}`);
      const text = await reply.text();
      expect(reply.status).toBe(200);
      expect(text).toMatch(/^the token is \S+ indeed$/);
      expect(text).not.toContain(TOKEN);
    },
  );

  it("may be empty, whatever encoding it names", async () => {
    const reply = await fetch(`${gateway.url}/web/nothing`);
    expect([reply.status, await reply.text()]).toEqual([200, ""]);
  });

  it("is withheld where it has more encodings than anybody needs", async () => {
    const reply = await fetch(`${gateway.url}/web/four`);
    expect([reply.status, await reply.json()]).toEqual([
      403,
      expect.objectContaining({ code: "response_unscannable" }),
    ]);
  });
});

describe("an upstream that does not keep to the protocol", () => {
  it("may send early hints, which are passed over", async () => {
    const reply = await fetch(`${gateway.url}/web/hints`);
    expect([reply.status, await reply.text()]).toEqual([200, CLEAN.toString()]);
  });

  it.each([
    ["/continue", "answered with 100 Continue, which nobody asked it for"],
    ["/switch", "switched to a protocol that nobody asked it for"],
    ["/lie", "sent a body that is not in the encoding it names"],
    ["/cut", "sent a body that is not in the encoding it names"],
    ["/wide", "sent a body that is not in the encoding it names"],
    ["/large-head", "answered with a head that is too large"],
    ["/folded", "sent something that is not HTTP/1.1"],
    ["/old", "sent something that is not HTTP/1.1"],
  ])("is said to be wrong in words: %s", async (path, words) => {
    const reply = await fetch(`${gateway.url}/web${path}`);
    expect([reply.status, await reply.json()]).toEqual([
      502,
      expect.objectContaining({
        code: "upstream_broken",
        detail: expect.stringContaining(`The upstream web ${words}.`),
      }),
    ]);
  });
});
