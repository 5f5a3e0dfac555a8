/** Policy files as an attacker would write them: no crash, no hang, bounded memory. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compilePolicies } from "../../src/core/policy/compile-policy.ts";
import { readYaml } from "../../src/core/policy/read-yaml.ts";
import { createProblemList, sourceText } from "../../src/core/policy/source-text.ts";

const CORPORA =
  process.env["SALLYPORT_CORPORA"] ??
  fileURLToPath(new URL("../../../shared/corpora", import.meta.url));
const CORPUS = `${CORPORA}/yaml_parse.jsonl`;

function read(text: string): { accepted: boolean; problems: readonly string[] } {
  const list = createProblemList();
  const node = readYaml(sourceText("f.yaml", text), list);
  expect(compilePolicies([{ file: "f.yaml", text }]).kind).toBeDefined();
  return {
    accepted: node !== undefined,
    problems: list.problems.map(({ message }) => message),
  };
}

/** What this language leaves out of YAML on purpose. */
const LEFT_OUT = /a key must be a plain word|one YAML document|starts with !/;

describe.skipIf(!existsSync(CORPUS))("the YAML corpus", () => {
  const lines = existsSync(CORPUS) ? readFileSync(CORPUS, "utf8").split("\n") : [];
  const records = lines.filter((line) => line !== "").map((line) => JSON.parse(line));

  it.each(records)("$name: $expect", ({ raw_b64: raw, expect: expected }) => {
    const { accepted, problems } = read(Buffer.from(raw, "base64").toString("utf8"));
    if (expected === "reject") expect(accepted).toBe(false);
    if (expected === "accept" && !accepted) expect(problems[0]).toMatch(LEFT_OUT);
  });
});

describe("hostile policy files", () => {
  const SIZE = 100_000;
  it.each([
    ["brackets", "[".repeat(SIZE)],
    ["braces", "{".repeat(SIZE)],
    ["dashes", "- ".repeat(SIZE / 2)],
    ["question marks", "? ".repeat(SIZE / 2)],
    ["keys in keys", "a: ".repeat(SIZE / 3)],
    ["indentation", Array.from({ length: 400 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")],
    ["quotes", '"'.repeat(SIZE)],
    ["many documents", "---\n".repeat(SIZE / 4)],
    ["many anchors on one node", "&a ".repeat(SIZE / 3)],
    ["an alias of itself", "a: &a [*a]\n"],
    ["known tags that build other trees", "a: !!set {b, c}\nd: !!omap [e: 1]\n"],
    ["more than the limit", "#".repeat(140_000)],
  ])("are refused, not fatal: %s", (_, text) => {
    expect(read(text).accepted).toBe(false);
  });

  it("may use an alias, but not to build a bomb", () => {
    expect(read("a: &a [1, 2]\nb: *a\n").accepted).toBe(true);
    const levels = Array.from({ length: 30 }, (_, i) => {
      return `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}, *l${i}, *l${i}, *l${i}, *l${i}, *l${i}]\n`;
    });
    const { accepted, problems } = read(`l0: &l0 x\n${levels.join("")}`);
    expect(accepted).toBe(false);
    expect(problems[0]).toContain("expands to more than");
  });

  it("may have many keys", () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `k${i}:\n`).join("");
    expect(read(text).accepted).toBe(true);
  });
});
