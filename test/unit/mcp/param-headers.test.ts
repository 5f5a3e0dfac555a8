import { describe, expect, it } from "vitest";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";
import { paramHeaderFault } from "../../../src/proxy/mcp/param-headers.ts";

const DEFINITION: JsonValue = {
  name: "deploy",
  inputSchema: {
    type: "object",
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      replicas: { type: "integer", "x-mcp-header": "Count" },
      where: { type: "object", properties: { zone: { type: "string", "x-mcp-header": "Zone" } } },
      note: { type: "string" },
    },
  },
};
const ARGS: JsonObject = { region: "zürich", replicas: 3, where: { zone: "a" }, note: "b" };
const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString("base64")}?=`;

const fault = (headers: Record<string, string>, definition: JsonValue | undefined = DEFINITION) =>
  paramHeaderFault(ARGS, headers, () => definition);

describe("headers that repeat arguments", () => {
  it.each<[string, Record<string, string>]>([
    ["none", { "content-type": "application/json" }],
    ["as the schema names them", { "mcp-param-zone": "a", "mcp-param-count": "3" }],
    ["a number in another spelling", { "mcp-param-count": "3.0" }],
    ["what a header cannot carry", { "mcp-param-region": base64("zürich") }],
  ])("agree with the body: %s", (_, headers) => {
    expect(fault(headers)).toBeUndefined();
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["another value", { "mcp-param-zone": "b" }, /says something else/],
    ["another argument's value", { "mcp-param-zone": "zürich" }, /says something else/],
    ["no argument of the tool", { "mcp-param-note": "b" }, /stands for no argument/],
    ["broken base64", { "mcp-param-region": "=?base64?enVyaWNo!?=" }, /is not valid/],
    ["a number that is none", { "mcp-param-count": "0x3" }, /says something else/],
  ])("are refused otherwise: %s", (_, headers, problem) => {
    expect(fault(headers)).toMatch(problem);
  });

  it("say at least some argument, where nobody knows the schema", () => {
    expect(paramHeaderFault(ARGS, { "mcp-param-x": "b" }, () => undefined)).toBeUndefined();
    expect(paramHeaderFault(ARGS, { "mcp-param-x": "c" }, () => undefined)).toMatch(
      /something else/,
    );
  });

  it("do not ask for the schema where there are none", () => {
    const never = (): never => {
      throw new Error("asked");
    };
    expect(paramHeaderFault(ARGS, { "mcp-name": "deploy" }, never)).toBeUndefined();
  });
});
