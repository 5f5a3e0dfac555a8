import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { id, instant } from "../../../src/core/units.ts";
import { openNativeFixture, type NativeFixture } from "../../support/native-api.ts";
import { intentFacts, outcomeFacts, UPSTREAM } from "../ledger/ledger-facts.ts";
import { tool } from "../policy/policy-fixture.ts";

const rules = (text: string) => [
  { name: "crm.yaml", text: `version: 1\nagents: ["*"]\nrules:\n  - ${text}\n` },
];
const APPROVE = rules("{ id: ask, tools: [crm.*], effect: approve }");

describe("POST /policies/simulate", () => {
  let fixture: NativeFixture;
  const simulate = (body: object) => fixture.ask("POST", "/core/v1/policies/simulate", { body });

  beforeAll(async () => {
    fixture = await openNativeFixture();
    const { ledger, clock } = fixture;
    for (const [n, name] of ["crm.read", "crm.read", "crm.delete"].entries()) {
      const action = tool(name);
      const terms = { charges: [], rates: [], outputTokens: undefined, marks: [], shadow: [] };
      const facts = {
        at: instant(clock.now - 60_000),
        upstream: { ...UPSTREAM, name: action.upstream },
        action,
        decision: { kind: "allow", because: [id<never>("crm")], terms } as const,
        reservation: undefined,
      };
      const opened = await ledger.intent(intentFacts(`exc_${n}`, facts));
      const receipt = opened.kind === "pass" ? opened.value : undefined;
      await ledger.outcome(outcomeFacts(`exc_${n}`, receipt, { ...facts, usage: undefined }));
    }
  });
  afterAll(() => fixture[Symbol.asyncDispose]());

  it("says what would have come out differently, by whom it would have been approved", async () => {
    const { status, json } = await simulate({ files: APPROVE });
    expect([status, json]).toMatchObject([
      200,
      { calls: 3, changed: 3, open: 0, truncated: false, approvals: [{ after: 3, before: 0 }] },
    ]);
    expect(json.changes[0]).toMatchObject({ call: "tool crm.read", to: "approve", count: 2 });
    expect(json.changes[0].examples).toEqual(["exc_0", "exc_1"]);
  });

  it("takes a kept version of a bundle that is not in force", async () => {
    const path = "/core/v1/policies/bundles/crm/versions";
    expect((await fixture.ask("POST", path, { body: { files: APPROVE } })).status).toBe(201);
    expect((await simulate({ name: "crm", version: 1 })).json).toMatchObject({ changed: 3 });
    expect((await simulate({ name: "crm", version: 2 })).status).toBe(404);
  });

  it("puts files in the place of the operator's own, for the operator", async () => {
    const files = rules("{ id: crm, tools: [crm.*], effect: allow }");
    const [own] = rules("{ id: no-crm, tools: [crm.*], effect: deny }");
    const place = join(fixture.directory, "policies", "own.yaml");
    writeFileSync(place, own?.text ?? "");
    try {
      const asked = [{ in_place_of: "files" }, {}, { name: "more" }, { in_place_of: "bundle" }];
      const unchanged = [];
      for (const more of asked) unchanged.push((await simulate({ files, ...more })).json.unchanged);
      expect(unchanged).toEqual([3, 3, 0, 0]);
    } finally {
      rmSync(place);
    }
  });

  it("narrows to an agent and to a time", async () => {
    expect((await simulate({ files: APPROVE, agent: "nobody" })).json.calls).toBe(0);
    expect((await simulate({ files: APPROVE, since: "0m" })).json.calls).toBe(0);
  });

  it("shows what is wrong with a candidate, and refuses none and two", async () => {
    const broken = await simulate({ files: [{ name: "a.yaml", text: "version: 1\nrulez: []\n" }] });
    expect(broken.status).toBe(400);
    expect(broken.json.errors.length).toBeGreaterThan(0);
    expect((await simulate({})).status).toBe(400);
    expect((await simulate({ files: APPROVE, name: "crm", version: 1 })).status).toBe(400);
  });

  it("runs one at a time", async () => {
    const both = await Promise.all([simulate({ files: APPROVE }), simulate({ files: APPROVE })]);
    const statuses = both.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, 429]);
  });
});
