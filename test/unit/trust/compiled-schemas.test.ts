import { atOnce } from "../../support/at-once.ts";
import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";
import { id, type DefinitionHash } from "../../../src/core/units.ts";
import { createMcpWire } from "../../../src/proxy/mcp/mcp-wire.ts";
import { CompiledSchemas, SCHEMA_CHARS_MAX } from "../../../src/stores/schemas/compiled-schemas.ts";
import {
  bytesOf,
  mcpContext,
  mcpHead,
  NO_INSPECTIONS,
  NO_LOGIN,
  NO_STATES,
  NO_TASKS,
  TRUSTING,
} from "../../support/mcp.ts";

const HASH = id<DefinitionHash>("v1:a");

async function problemOf(schema: JsonObject, value: JsonValue): Promise<string | undefined> {
  const reply = await new CompiledSchemas().of(HASH, "arguments", () => schema);
  if (reply.kind === "unusable") throw new Error(reply.problem);
  return reply.check.problemOf(value);
}

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: "object",
  properties,
  ...more,
});

describe("a schema of a stranger", () => {
  it.each<[JsonObject, JsonValue, string | undefined]>([
    [object({ a: { type: "number" } }), { a: 1 }, undefined],
    [object({ a: { type: "number" } }), { a: "1" }, "/a must be number"],
    [
      object({}, { additionalProperties: false }),
      { b: 1 },
      "must NOT have additional properties: b",
    ],
    [object({ a: { enum: ["x"] } }), { a: "y" }, "/a must be equal to one of the allowed values"],
    [object({ a: { uniqueItems: true } }), { a: [{ b: 1 }, { b: 1 }] }, "/a must pass"],
    [object({ a: { format: "made-up" } }), { a: "x" }, undefined],
    [{ $schema: "http://json-schema.org/draft-07/schema#", type: "object" }, {}, undefined],
  ])("judges by %j", async (schema, value, expected) => {
    const problem = await problemOf(schema, value);
    if (expected === undefined) expect(problem).toBeUndefined();
    else expect(problem).toContain(expected);
  });

  it("cannot make a pattern take exponential time", async () => {
    const hostile = object({ a: { pattern: "^(a+)+$" }, b: { pattern: "^b$" } });
    expect(await problemOf(hostile, { a: `${"a".repeat(5_000)}!` })).toContain("/a must match");
    expect(await problemOf(hostile, { a: "aa", b: "c" })).toContain("/b must match");
  });

  it("is unusable where it cannot be compiled, and never fetched", async () => {
    const schemas = new CompiledSchemas();
    for (const [index, schema] of [
      { $ref: "https://example.com/schema.json" },
      { pattern: "(?=lookahead)" },
      { type: "no-such-type" },
      { description: "x".repeat(SCHEMA_CHARS_MAX) },
      undefined,
    ].entries()) {
      const reply = await schemas.of(id(`v1:${index}`), "arguments", () => schema);
      expect(reply.kind).toBe("unusable");
    }
  });

  it("is compiled once for each definition and side", async () => {
    const schemas = new CompiledSchemas();
    let reads = 0;
    const read = (): JsonObject => {
      reads += 1;
      return object({});
    };
    await schemas.of(HASH, "arguments", read);
    await schemas.of(HASH, "arguments", read);
    await schemas.of(HASH, "result", read);
    expect(reads).toBe(2);
  });
});

describe("a tool's result", () => {
  it.each<[JsonObject, boolean]>([
    [{ content: [], structuredContent: { a: 1 } }, true],
    [{ content: [], structuredContent: { a: "1" } }, false],
    [{ content: [] }, false],
    [{ content: [], isError: true }, true],
  ])("passes only where it fits: %j", async (result, passes) => {
    const schema = object({ a: { type: "number" } }, { required: ["a"] });
    const reply = await new CompiledSchemas().of(HASH, "result", () => schema);
    if (reply.kind === "unusable") throw new Error(reply.problem);
    const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "x" } };
    const verdict = atOnce(
      createMcpWire({
        definitions: TRUSTING,
        states: NO_STATES,
        login: NO_LOGIN,
        tasks: NO_TASKS,
      })
        .open(mcpHead())
        .interpret(bytesOf(call), mcpContext()),
    );
    if (verdict.kind === "halt") throw new Error(verdict.refusal.detail);
    const looking = verdict.value.inspector({ ...NO_INSPECTIONS, result: reply.check }, []);
    expect(looking.head(200, new Map([["content-type", "application/json"]]))).toEqual({
      kind: "whole",
    });
    const chunk = looking.chunk(bytesOf({ jsonrpc: "2.0", id: 7, result }));
    expect(chunk.kind).toBe(passes ? "emit" : "cut");
    if (chunk.kind === "cut") expect(chunk.refusal.code).toBe("result_invalid");
  });
});
