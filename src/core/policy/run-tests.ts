/** The tests inside a policy file, run against that file alone, shadow rules obeyed. */
import { id, type Digest } from "../units.ts";
import type { CompiledFile } from "./compile-file.ts";
import { effectOf } from "./effect-of.ts";
import type { TestCall, TestClause } from "./policy-file.ts";
import type { PolicySnapshot } from "./policy-snapshot.ts";
import { situationOf } from "./situation.ts";
import { createSnapshot } from "./create-snapshot.ts";
import type { Place } from "./source-text.ts";

export type TestResult =
  | { readonly kind: "passed"; readonly place: Place; readonly name: string }
  | {
      readonly kind: "failed";
      readonly place: Place;
      readonly name: string;
      readonly message: string;
      readonly help: string;
    };

export function runTests(file: CompiledFile): readonly TestResult[] {
  if (file.tests.length === 0) return [];
  const obeyed = file.rules.map((rule) => (rule.shadow ? { ...rule, shadow: false } : rule));
  const snapshot = createSnapshot(obeyed, [], id<Digest>(file.file));
  return file.tests.map((test) =>
    runTest({ ...test, tenant: test.tenant ?? file.tenant }, snapshot),
  );
}

function runTest(test: TestClause, snapshot: PolicySnapshot): TestResult {
  const { principal, action, facts } = situationOf(test);
  const decision = snapshot.decide(principal, action, facts);
  const got = effectOf(decision);
  const because = decision.because.map(String);
  const { place, expect } = test;
  const name = `${test.agent}: ${nameOf(test.call)} → ${expect}`;
  const by = `rule ${because.join(", ")}`;
  if (got !== expect) {
    const message = `expected ${expect}, got ${got} by ${by}`;
    const detail = decision.kind === "deny" ? decision.detail : `because of ${by}`;
    return { kind: "failed", place, name, message, help: detail };
  }
  const wanted = test.because;
  if (wanted !== undefined && wanted.toSorted().join(" ") !== because.toSorted().join(" ")) {
    const message = `expected ${expect} because of ${wanted.join(", ")}`;
    return { kind: "failed", place, name, message, help: `it was because of ${by}` };
  }
  return { kind: "passed", place, name };
}

function nameOf(call: TestCall): string {
  switch (call.kind) {
    case "tool":
      return `${call.tool} ${call.json}`;
    case "llm":
      return `${call.operation} ${call.model} on ${call.upstream}`;
    case "http":
      return `${call.method} ${call.upstream}${call.path}`;
    case "mcp":
      return `${call.method} ${call.name ?? ""} on ${call.upstream}`;
  }
}
