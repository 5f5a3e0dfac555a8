import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { DIFFERENCES_MAX, differencesOf } from "../../../src/core/trust/definition-diff.ts";

const BEFORE = {
  name: "send",
  title: "Send",
  description: "Sends.",
  inputSchema: {
    type: "object",
    properties: { to: { type: "string" }, kind: { enum: ["a", "b"] } },
    required: ["to"],
  },
  annotations: { readOnlyHint: false },
};

const withSchema = (over: JsonObject): JsonObject => ({
  ...BEFORE,
  inputSchema: { ...BEFORE.inputSchema, ...over },
});

describe("differences", () => {
  it.each<[string, JsonObject, string]>([
    ["title", { ...BEFORE, title: "S" }, "title"],
    ["description", { ...BEFORE, description: "Sends!" }, "description"],
    ["annotations", { ...BEFORE, annotations: { readOnlyHint: true } }, "annotations"],
    ["an output schema", { ...BEFORE, outputSchema: { type: "object" } }, "output schema"],
    ["metadata", { ...BEFORE, _meta: { a: 1 } }, "meta"],
    [
      "a new optional argument",
      withSchema({ properties: { ...BEFORE.inputSchema.properties, bcc: {} } }),
      "input schema widened",
    ],
    [
      "an argument that is gone",
      withSchema({ properties: { to: { type: "string" } } }),
      "input schema narrowed",
    ],
    ["one more required", withSchema({ required: ["to", "kind"] }), "input schema narrowed"],
    ["nothing required", withSchema({ required: [] }), "input schema widened"],
    [
      "one more choice",
      withSchema({ properties: { to: { type: "string" }, kind: { enum: ["a", "b", "c"] } } }),
      "input schema widened",
    ],
    [
      "fewer choices",
      withSchema({ properties: { to: { type: "string" }, kind: { enum: ["a"] } } }),
      "input schema narrowed",
    ],
    [
      "another type",
      withSchema({ properties: { to: { type: "number" }, kind: { enum: ["a", "b"] } } }),
      "input schema changed",
    ],
    ["a closed object", withSchema({ additionalProperties: false }), "input schema narrowed"],
  ])("%s are told by aspect", (_, after, aspect) => {
    expect(differencesOf(BEFORE, after)).toMatchObject([{ aspect }]);
  });

  it("are none where only the order of members differs", () => {
    expect(differencesOf(BEFORE, Object.fromEntries(Object.entries(BEFORE).toReversed()))).toEqual(
      [],
    );
  });

  it("are bounded", () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, i]));
    expect(differencesOf({}, many)).toHaveLength(DIFFERENCES_MAX);
  });
});
