import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  HELLO_BYTES_MAX,
  HELLO_RECORDS_MAX,
  readClientHello,
} from "../../../src/core/tls/read-client-hello.ts";
import {
  clientHello,
  clientHelloMessage,
  inRecords,
  realClientHello,
} from "../../support/client-hello.ts";

const NAMED = {
  kind: "hello",
  serverName: "api.example.com",
  hidesAnother: false,
} as const;
const GREASE = { type: 0x0a0a, content: Buffer.alloc(0) };

describe("a ClientHello", () => {
  it.each(["TLSv1.2", "TLSv1.3"] as const)("of a real %s client says its name", async (version) => {
    const hello = await realClientHello({
      servername: "API.example.com",
      minVersion: version,
      maxVersion: version,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    expect(readClientHello(hello)).toEqual(NAMED);
  });

  it("of a real client that names nobody has no name", async () => {
    const hello = await realClientHello({});
    expect(readClientHello(hello)).toEqual({ ...NAMED, serverName: undefined });
  });

  it("is incomplete at every cut before its end, and never anything else", async () => {
    const hello = await realClientHello({ servername: "api.example.com" });
    for (let end = 0; end < hello.length; end += 1) {
      expect(readClientHello(hello.subarray(0, end)), `cut at ${end}`).toEqual({
        kind: "incomplete",
      });
    }
  });

  it("says the same in whatever records it comes", async () => {
    const hello = await realClientHello({ servername: "api.example.com" });
    const message = hello.subarray(5);
    for (let bytes = Math.ceil(message.length / HELLO_RECORDS_MAX); bytes < 200; bytes += 1) {
      expect(readClientHello(inRecords(message, bytes)), `${bytes} a record`).toEqual(NAMED);
    }
  });

  it("says the same with what follows it in later records", () => {
    const early = Buffer.from([23, 3, 3, 0, 2, 1, 2]);
    const hello = clientHello({ names: ["api.example.com"], more: [GREASE] });
    expect(readClientHello(Buffer.concat([hello, early]))).toEqual(NAMED);
  });

  it.each([0xfe0d, 0xffce])("shows that another is hidden in it (%i)", (type) => {
    const more = [{ type, content: Buffer.alloc(40) }];
    expect(readClientHello(clientHello({ names: ["api.example.com"], more }))).toEqual({
      ...NAMED,
      hidesAnother: true,
    });
  });
});

describe("what two servers could read differently is no ClientHello", () => {
  it.each([
    ["two names in one list", clientHello({ names: ["a.example", "b.example"] })],
    ["an empty name", clientHello({ names: [""] })],
    ["a name with a NUL", clientHello({ names: ["a.example\0.b.example"] })],
    ["a name with a last dot", clientHello({ names: ["a.example."] })],
    [
      "two lists of names",
      clientHello({
        names: ["a.example"],
        more: [{ type: 0, content: Buffer.from([0, 4, 0, 0, 1, 0x62]) }],
      }),
    ],
    ["an extension twice", clientHello({ names: ["a.example"], more: [GREASE, GREASE] })],
    ["an empty list of names", clientHello({ more: [{ type: 0, content: Buffer.from([0, 0]) }] })],
    [
      "a second message in its records",
      inRecords(Buffer.concat([clientHelloMessage({ names: ["a.example"] }), Buffer.from([1])])),
    ],
    ["an empty record", Buffer.from([22, 3, 1, 0, 0])],
    ["another handshake message", inRecords(Buffer.from([2, 0, 0, 1, 0]))],
    ["a record of SSL 2", Buffer.from([0x80, 0x2e, 1, 0, 2])],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["an SSH banner", Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")],
  ])("%s", (_what, bytes) => {
    expect(readClientHello(bytes)).toMatchObject({ kind: "problem" });
  });
});

describe("reading a ClientHello is bounded", () => {
  it("in bytes, by what it says it will be", () => {
    const long = Buffer.from([22, 3, 1, 0, 4, 1, 0, 0x40, 0]);
    expect(readClientHello(long)).toMatchObject({ kind: "problem" });
  });

  it("in records", () => {
    const message = clientHelloMessage({ names: ["a.example"] });
    expect(readClientHello(inRecords(message, 1))).toMatchObject({ kind: "problem" });
  });

  it("so that nothing is incomplete beyond the bound", () => {
    const begun = Buffer.alloc(HELLO_BYTES_MAX + 6, 0);
    for (let at = 0; at < begun.length; at += 300) begun.set([22, 3, 1, 1, 39], at);
    expect(readClientHello(begun)).toMatchObject({ kind: "problem" });
  });
});

describe("whatever bytes come", () => {
  it("the reader answers, and only a whole hello is one", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(["incomplete", "problem"]).toContain(readClientHello(bytes).kind);
      }),
    );
  });

  it("a changed byte never makes the name another one unseen", () => {
    const hello = clientHello({ names: ["api.example.com"], more: [GREASE] });
    const name = hello.indexOf("api.example.com");
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(hello);
        changed[at] = value;
        const read = readClientHello(changed);
        if (read.kind !== "hello" || read.serverName === undefined) return;
        const said = changed.subarray(name, name + "api.example.com".length).toString("latin1");
        expect(read.serverName).toBe(said.toLowerCase());
      }),
      { numRuns: 2_000 },
    );
  });
});
