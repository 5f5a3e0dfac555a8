import {
  classifyInboundRequest,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonValue } from "../../../src/core/json.ts";
import {
  readEra,
  RPC_HEADER_MISMATCH,
  RPC_UNSUPPORTED_VERSION,
  VERSION_META_KEY,
} from "../../../src/proxy/mcp/protocol-era.ts";
import { readRpcMessage, RPC_INVALID_PARAMS } from "../../../src/proxy/mcp/rpc-message.ts";

const META = {
  [VERSION_META_KEY]: "2026-07-28",
  [CLIENT_INFO_META_KEY]: { name: "t", version: "1" },
  [CLIENT_CAPABILITIES_META_KEY]: {},
};
const CALL = { name: "echo", arguments: {}, _meta: META };
const AGREEING = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/call",
  "mcp-name": "echo",
};

function eraOf(json: JsonValue, headers: Record<string, string>) {
  const reading = readRpcMessage(json);
  if (reading.kind === "problem") throw new Error(reading.problem);
  return readEra(reading.message, headers);
}

function call(params: JsonValue, method = "tools/call"): JsonValue {
  return { jsonrpc: "2.0", id: 1, method, params };
}

describe("readEra", () => {
  it("knows the reserved key by the SDK's name", () => {
    expect(VERSION_META_KEY).toBe(PROTOCOL_VERSION_META_KEY);
  });

  it("takes a message without a version for one of the session era", () => {
    expect(eraOf(call({ name: "echo" }), {})).toEqual({ kind: "ok", era: "2025" });
    expect(eraOf(call({ name: "echo" }), { "mcp-protocol-version": "2025-11-25" })).toEqual({
      kind: "ok",
      era: "2025",
    });
  });

  it("takes a message that names its version, in body and headers, for a stateless one", () => {
    expect(eraOf(call(CALL), AGREEING)).toEqual({ kind: "ok", era: "2026" });
  });

  it.each([
    ["another version", { "mcp-protocol-version": "2025-11-25" }],
    ["another method", { "mcp-method": "tools/list" }],
    ["another name", { "mcp-name": "ech" }],
    ["a name in broken base64", { "mcp-name": "=?base64?ZWNobw?=" }],
    ["another name in base64", { "mcp-name": "=?base64?ZWNoYQ==?=" }],
  ])("refuses headers that name %s than the body", (_, wrong) => {
    expect(eraOf(call(CALL), { ...AGREEING, ...wrong })).toMatchObject({
      kind: "problem",
      rpcCode: RPC_HEADER_MISMATCH,
    });
  });

  it.each(["mcp-protocol-version", "mcp-method", "mcp-name"] as const)(
    "refuses a stateless request without the header %s",
    (missing) => {
      const { [missing]: _, ...headers } = AGREEING;
      expect(eraOf(call(CALL), headers)).toMatchObject({ rpcCode: RPC_HEADER_MISMATCH });
    },
  );

  it("reads a name that no header can hold from its base64 form", () => {
    const named = { ...AGREEING, "mcp-name": `=?base64?${Buffer.from("é").toString("base64")}?=` };
    expect(eraOf(call({ ...CALL, name: "é" }), named)).toMatchObject({ kind: "ok" });
  });

  it.each(["mcp-method", "mcp-name"])(
    "refuses a lie in %s from clients of the session era too",
    (name) => {
      expect(eraOf(call({ name: "echo" }), { [name]: "other" })).toMatchObject({
        rpcCode: RPC_HEADER_MISMATCH,
      });
    },
  );

  it("refuses a version it does not know, and says which it does", () => {
    const later = "2027-01-01";
    const params = { ...CALL, _meta: { ...META, [VERSION_META_KEY]: later } };
    const headers = { ...AGREEING, "mcp-protocol-version": later };
    expect(eraOf(call(params), headers)).toMatchObject({
      rpcCode: RPC_UNSUPPORTED_VERSION,
      data: { supported: ["2026-07-28"], requested: later },
    });
  });

  it("refuses a header that names a version on which no session was ever agreed", () => {
    for (const known of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      const headers = { "mcp-protocol-version": known };
      expect(eraOf(call({ name: "echo" }), headers)).toMatchObject({ kind: "ok", era: "2025" });
    }
    const headers = { "mcp-protocol-version": "1999-01-01" };
    expect(eraOf(call({ name: "echo" }), headers)).toMatchObject({
      rpcCode: RPC_UNSUPPORTED_VERSION,
      data: { supported: expect.arrayContaining(["2025-11-25"]), requested: "1999-01-01" },
    });
  });

  it("refuses a promise of the header that the body does not keep", () => {
    const headers = { "mcp-protocol-version": "2026-07-28" };
    expect(eraOf(call({ name: "echo" }), headers)).toMatchObject({ rpcCode: RPC_INVALID_PARAMS });
    expect(eraOf(call({}, "initialize"), headers)).toMatchObject({ rpcCode: RPC_HEADER_MISMATCH });
  });

  it("never places a message otherwise than the SDK's server would", () => {
    const version = fc.constantFrom("2025-06-18", "2025-11-25", "2026-07-28");
    const method = fc.constantFrom("tools/call", "tools/list", "initialize", "ping");
    const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
    fc.assert(
      fc.property(
        fc.boolean(),
        method,
        optional(version),
        optional(version),
        optional(method),
        (notify, name, inBody, inHeader, headerMethod) => {
          const meta = inBody === undefined ? {} : { ...META, [VERSION_META_KEY]: inBody };
          const params = { name: "echo", _meta: meta };
          const json = { jsonrpc: "2.0", ...(!notify && { id: 1 }), method: name, params };
          const headers = {
            ...(inHeader !== undefined && { "mcp-protocol-version": inHeader }),
            ...(headerMethod !== undefined && { "mcp-method": headerMethod }),
            "mcp-name": "echo",
          };
          const theirs = classifyInboundRequest({
            httpMethod: "POST",
            body: json,
            ...(inHeader !== undefined && { protocolVersionHeader: inHeader }),
            ...(headerMethod !== undefined && { mcpMethodHeader: headerMethod }),
            mcpNameHeader: "echo",
          });
          const ours = eraOf(json, headers);
          if (theirs.kind === "reject") expect(ours.kind).toBe("problem");
          if (ours.kind !== "ok") return;
          expect(theirs.kind).toBe(ours.era === "2026" ? "modern" : "legacy");
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("readRpcMessage", () => {
  it.each([
    ["an array", []],
    ["a batch", [{ jsonrpc: "2.0", id: 1, method: "ping" }]],
    ["a string", "ping"],
    ["no version", { id: 1, method: "ping" }],
    ["another version", { jsonrpc: "1.0", id: 1, method: "ping" }],
    ["a null id", { jsonrpc: "2.0", id: null, method: "ping" }],
    ["a fraction as id", { jsonrpc: "2.0", id: 1.5, method: "ping" }],
    ["params in an array", { jsonrpc: "2.0", id: 1, method: "tools/call", params: ["a"] }],
    ["a method that is no string", { jsonrpc: "2.0", id: 1, method: 1 }],
    ["both a method and a result", { jsonrpc: "2.0", id: 1, method: "ping", result: {} }],
    ["a second method in other case", { jsonrpc: "2.0", id: 1, method: "ping", Method: "x" }],
    ["an outcome in other case beside it", { jsonrpc: "2.0", id: 1, result: {}, Error: {} }],
    ["both a result and an error", { jsonrpc: "2.0", id: 1, result: {}, error: {} }],
    ["a result without an id", { jsonrpc: "2.0", result: {} }],
    ["neither method nor outcome", { jsonrpc: "2.0", id: 1 }],
  ])("refuses %s", (_, json) => {
    expect(readRpcMessage(json as JsonValue)).toMatchObject({ kind: "problem" });
  });

  it("tells requests, notifications and responses apart", () => {
    const kindOf = (json: JsonValue): string | undefined => {
      const reading = readRpcMessage(json);
      return reading.kind === "ok" ? reading.message.kind : undefined;
    };
    expect(kindOf({ jsonrpc: "2.0", id: "a", method: "ping" })).toBe("request");
    expect(kindOf({ jsonrpc: "2.0", method: "notifications/initialized" })).toBe("notification");
    expect(kindOf({ jsonrpc: "2.0", id: 0, result: {} })).toBe("response");
    expect(kindOf({ jsonrpc: "2.0", id: null, error: { code: 1, message: "" } })).toBe("response");
  });

  it("never throws, whatever JSON comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const reading = readRpcMessage(json as JsonValue);
        if (reading.kind === "ok") expect(isJsonObject(reading.message.json)).toBe(true);
      }),
    );
  });
});
