import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closest } from "../../../src/lib/closest.ts";
import { readYaml } from "../../../src/lib/yaml-tree.ts";

const faultsOf = (text: string) => {
  const reply = readYaml("f.yaml", text);
  return reply.kind === "faults" ? reply.faults : [];
};

describe("readYaml", () => {
  it("keeps the position and the written text of every value", () => {
    expect(readYaml("f.yaml", "listen:\n  port: 0x10\n  tags: [a, 1.10]\n")).toEqual({
      kind: "tree",
      tree: {
        kind: "map",
        at: { file: "f.yaml", line: 1, column: 1 },
        entries: [
          {
            key: "listen",
            at: { file: "f.yaml", line: 1, column: 1 },
            value: {
              kind: "map",
              at: { file: "f.yaml", line: 2, column: 3 },
              entries: [
                {
                  key: "port",
                  at: { file: "f.yaml", line: 2, column: 3 },
                  value: {
                    kind: "scalar",
                    at: { file: "f.yaml", line: 2, column: 9 },
                    value: 16,
                    text: "0x10",
                  },
                },
                {
                  key: "tags",
                  at: { file: "f.yaml", line: 3, column: 3 },
                  value: {
                    kind: "list",
                    at: { file: "f.yaml", line: 3, column: 9 },
                    items: [
                      {
                        kind: "scalar",
                        at: { file: "f.yaml", line: 3, column: 10 },
                        value: "a",
                        text: "a",
                      },
                      {
                        kind: "scalar",
                        at: { file: "f.yaml", line: 3, column: 13 },
                        value: 1.1,
                        text: "1.10",
                      },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    });
  });

  it("answers an empty document with no tree", () => {
    expect(readYaml("f.yaml", "# nothing\n")).toEqual({ kind: "tree", tree: undefined });
  });

  it("reports duplicate keys, broken syntax and unknown tags with their position", () => {
    expect(faultsOf("a: 1\nb: 2\na: 3\n")).toMatchObject([{ line: 3, column: 1 }]);
    expect(faultsOf("a: [1, 2\n").length).toBeGreaterThan(0);
    expect(faultsOf("a: !!js/function x\n")).toMatchObject([{ line: 1 }]);
  });

  it("expands aliases, but not into a bomb", () => {
    expect(readYaml("f.yaml", "a: &x [1]\nb: *x\n").kind).toBe("tree");
    const bomb = ["a0: &a0 [1,1,1,1,1,1,1,1,1,1]"];
    for (let i = 1; i < 9; i += 1) {
      bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(",")}]`);
    }
    expect(faultsOf(bomb.join("\n"))[0]?.message).toMatch(/more than 100000 values/);
  });

  it("survives nesting without end", () => {
    expect(faultsOf("[".repeat(200_000)).length).toBeGreaterThan(0);
    expect(faultsOf("a: &a [*a]\n")[0]?.message).toMatch(/deeper than 64/);
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        readYaml("f.yaml", text);
      }),
      { numRuns: 300 },
    );
  });
});

describe("closest", () => {
  it.each([
    ["lisen", "listen"],
    ["prot", "port"],
    ["UPSTREAM", "upstreams"],
    ["zzz", undefined],
  ])("%s is taken for %s", (word, meant) => {
    expect(closest(word, ["listen", "port", "upstreams"])).toBe(meant);
  });
});
