import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readPolicyFiles } from "../../../src/app/policies/policy-files.ts";
import { compilePolicies, type PolicySource } from "../../../src/core/policy/compile-policy.ts";
import { languageReference, schemaText } from "../../../src/core/policy/language-reference.ts";
import { compiled, facts, http, llm, principal, tool } from "./policy-fixture.ts";

const POLICIES = fileURLToPath(new URL("../../../policies", import.meta.url));
const PACKS = `${POLICIES}/packs`;
const REGENERATE = "run: npm run -s sallyport policy docs > policies/README.md (and schema)";

describe("the policies that come along", () => {
  it("load together without problem or warning, and none of the packs with them", () => {
    const { sources, problems } = readPolicyFiles(POLICIES);
    expect(problems).toEqual([]);
    expect(sources.map(({ file }) => file.slice(POLICIES.length + 1))).toEqual([
      "demo.yaml",
      "providers.yaml",
    ]);
    expect(compilePolicies(sources)).toMatchObject({ kind: "ok", warnings: [] });
  });

  it.each(readPolicyFiles(PACKS).sources)("pack $file loads alone and has tests", (source) => {
    const reply = compilePolicies([source]);
    expect(reply).toMatchObject({ kind: "ok", warnings: [] });
    expect(reply.tests.length).toBeGreaterThan(2);
  });

  it.each(readPolicyFiles(PACKS).sources)("pack $file loads beside the samples", (source) => {
    const { sources } = readPolicyFiles(POLICIES);
    expect(compilePolicies([...sources, source])).toMatchObject({ kind: "ok" });
  });

  it("have a pack for each need", () => {
    expect(readPolicyFiles(PACKS).sources.map(({ file }) => file.slice(PACKS.length + 1))).toEqual([
      "coding-agent.yaml",
      "deny-all.yaml",
      "inspection.yaml",
      "read-only.yaml",
      "support-bot.yaml",
    ]);
  });

  it("are stopped as a whole by the pack deny-all", () => {
    const denyAll = readPolicyFiles(PACKS).sources.filter(({ file }) => /deny-all/.test(file));
    const { sources } = readPolicyFiles(POLICIES);
    const calls = [tool("tools.echo"), llm("demo-model", "demo"), llm("gpt-5"), http("GET", "/")];
    const outcomes = (...files: readonly PolicySource[]) => {
      const { snapshot } = compiled(...files.map(({ text }) => text));
      return calls.map((call) => snapshot.decide(principal("demo-agent"), call, facts()).kind);
    };
    expect(outcomes(...sources)).toEqual(["allow", "allow", "allow", "deny"]);
    expect(outcomes(...sources, ...denyAll)).toEqual(["deny", "deny", "deny", "deny"]);
  });

  it("come with a reference and a schema that are what the engine would print now", () => {
    expect(readFileSync(`${POLICIES}/README.md`, "utf8"), REGENERATE).toBe(languageReference());
    expect(languageReference()).not.toContain("Example: `[]`");
    expect(readFileSync(`${POLICIES}/policy.schema.json`, "utf8"), REGENERATE).toBe(schemaText());
  });
});
