/** Limits that nobody enforces end the start (research: litellm#27381, #26672, #40020). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startThatFails } from "../support/failing-start.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sallyport-limits-"));
  mkdirSync(join(home, "policies"));
  writeFileSync(
    join(home, "sallyport.yaml"),
    `listen: { port: 0 }
manage: { port: 0 }
agents: [{ name: bot }]
upstreams:
  - { name: plain, wire: http, url: "http://127.0.0.1:9", allow_private: true }
`,
  );
});
afterEach(() => rmSync(home, { recursive: true }));

describe("a start with a limit that nothing enforces", () => {
  it.each([
    [
      "a budget that no rule charges",
      "budgets:\n  day: { limit: 1 USD, per: agent, window: day }\nrules: []\n",
      /p\.yaml:4:\d+: nothing enforces the budget day: no rule charges it/,
    ],
    [
      "a limit of LLM calls on an upstream that has none",
      "rules:\n  - { id: r, llm: { upstreams: [plain], models: ['*'] }, effect: allow, limits: { tokens: 5/min } }\n",
      /p\.yaml:4:\d+: nothing enforces the limits of rule r on plain/,
    ],
  ])("ends at once and names %s", async (_what, clauses, message) => {
    writeFileSync(join(home, "policies", "p.yaml"), `version: 1\nagents: [bot]\n${clauses}`);
    const { code, output } = await startThatFails(join(home, "sallyport.yaml"));
    expect(code).toBe(2);
    expect(output).toMatch(message);
  });
});
