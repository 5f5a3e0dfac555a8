/**
 * What people and programs write for money that is none, at every door but the wire's (see
 * test/wire/budgets.test.ts): each is refused before anything happens, with its place and a way out.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";
import { parseDecimal, parseExactDecimal } from "../../../src/core/money/decimal.ts";
import { compiled, problemsOf } from "../policy/policy-fixture.ts";

const POLICY = `version: 1
agents: [bot]
budgets:
  day:   { limit: 10 USD, per: agent, window: day }
  calls: { limit: 10 calls, per: agent, window: day }
rules:
  - { id: r, llm: { models: ["*"] }, effect: allow, charge: day }
  - { id: t, tools: ["a.*"], effect: allow, charge: calls }
`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sallyport-amounts-"));
  mkdirSync(join(home, "policies"));
  writeFileSync(join(home, "policies", "p.yaml"), POLICY);
  configure("");
});
afterEach(() => rmSync(home, { recursive: true }));

function configure(prices: string): void {
  writeFileSync(join(home, "sallyport.yaml"), `agents: [{ name: bot }]\n${prices}`);
}

async function run(...argv: string[]) {
  let out = "";
  let err = "";
  const code = await runProgram(argv, {
    environment: {},
    workingDirectory: home,
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

describe("a price that is none", () => {
  it.each([
    "-1",
    ".nan",
    ".inf",
    "1e400",
    '"2 EUR"',
    '"2.50"',
    "1_000",
    "0x10",
    "true",
    "{ base: -1, above: [] }",
    "{ base: 1, above: [{ tokens: -5, usd_per_mtok: 2 }] }",
    "{ base: 1, above: [{ tokens: 1.5, usd_per_mtok: 2 }] }",
    "{ base: 1, above: [{ tokens: 10, usd_per_mtok: -2 }] }",
  ])("stops the configuration, at its place: %s", async (price) => {
    const entry = `{ provider: x, model: m, output_usd_per_mtok: 1, input_usd_per_mtok: ${price} }`;
    configure(`prices:\n  overrides:\n    - ${entry}\n`);
    const { code, err } = await run("prices", "check");
    expect(code).toBe(2);
    expect(err).toMatch(/sallyport\.yaml:4:\d+: prices\.overrides\[0\]\.input_usd_per_mtok/);
    expect(err).toMatch(/help: (a plain decimal number|a whole number)/);
  });

  it.each([
    ["20000", "is no price: at most 10000 USD"],
    ["0", "a price of zero makes calls free"],
    ["1500", "dearer than any model that is known"],
  ])("is a slip to be corrected or confirmed: %s", async (price, message) => {
    const entry = `{ provider: x, model: m, output_usd_per_mtok: 1, input_usd_per_mtok: ${price} }`;
    configure(`prices:\n  overrides:\n    - ${entry}\n`);
    const { code, err } = await run("prices", "check");
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).toContain("sallyport.yaml:4:");
  });

  it.each(["0", "0.0", "-1", "10001", "999999", ".nan"])(
    "is no worst case for models that nobody priced: %s",
    async (price) => {
      configure(`prices: { unpriced: { output_usd_per_mtok: 1, input_usd_per_mtok: ${price} } }\n`);
      const { code, err } = await run("prices", "show", "unheard-of");
      expect(code).toBe(2);
      expect(err).toMatch(/sallyport\.yaml:2:\d+: prices\.unpriced\.input_usd_per_mtok cannot be/);
      expect(err).toContain("above 0, at most 10000");
    },
  );
});

describe("an amount that is none, on the command line", () => {
  it.each(["-1", "NaN", "1e400", "9007199.254740992", "0.0000000001", "2 EUR", "", "1,5", "0x1"])(
    "is not written: %j",
    async (text) => {
      const refused = await run("budget", "set", "day", text, "--instance", "bot", "--reason", "r");
      expect(refused.code).toBe(2);
      expect(refused.err).toContain(`day counts USD, and "${text}" cannot be counted exactly`);
      expect((await run("budget", "show", "day")).out).not.toContain("bot");
    },
  );

  it("is a fraction of what is counted in ones", async () => {
    const refused = await run("budget", "set", "calls", "1.5", "--reason", "r");
    expect(refused.err).toContain('calls counts calls, and "1.5" cannot be counted exactly');
  });

  it("is written where it is one, in a directory that no gateway has used yet", async () => {
    const set = await run("budget", "set", "day", "2.5", "--instance", "bot", "--reason", "r");
    expect(set.code).toBe(0);
    const [shown] = JSON.parse((await run("budget", "show", "day", "--json")).out);
    expect(shown).toMatchObject({ instance: "bot", spent: "2.500000000", left: "7.500000000" });
    const again = ["--instance", "bot", "--reason", "r", "--json"];
    const reset = JSON.parse((await run("budget", "reset", "day", ...again)).out);
    expect(reset).toMatchObject([{ budget: "day", instance: "bot", spent: "0.000000000" }]);
  });

  it("is nobody's in a tenant that there is not", async () => {
    const refused = await run("budget", "show", "--tenant", "acme");
    expect(refused.err).toContain("there is no tenant acme");
  });
});

describe("a fixed charge that is none", () => {
  const charging = (amount: string, budget = "day"): string =>
    POLICY.replace("charge: calls", `charge: { budget: ${budget}, amount: ${amount} }`);

  it.each([
    ["-1", "day"],
    ["9007199.254740992", "day"],
    ["0.0000000001", "day"],
    ["0.5", "calls"],
    ["1e30", "calls"],
  ])("stops the policy, at its place: %s of %s", (amount, budget) => {
    expect(problemsOf(charging(amount, budget)).join("\n")).toMatch(/^8:\d+ /);
  });

  it("is charged where it is one", () => {
    expect(compiled(charging("0.000000001")).rules[1]?.charges).toMatchObject([
      { charge: { amount: 1 } },
    ]);
  });
});

describe("parseExactDecimal", () => {
  it.each([
    ["2.50", 9],
    ["1e3", 0],
    ["5e-9", 9],
    ["1.000", 0],
    [`0.${"0".repeat(30)}`, 0],
  ])("takes %s at scale %i as it is", (text, scale) => {
    expect(parseExactDecimal(text, scale)).toBe(parseDecimal(text, scale));
  });

  it.each([
    ["0.5", 0],
    ["1e-10", 9],
    [`1.${"0".repeat(39)}1`, 9],
    ["1e-30", 9],
    [`0.${"0".repeat(39)}1e-30`, 9],
    ["-1", 9],
  ])("takes no %s at scale %i", (text, scale) => {
    expect(parseExactDecimal(text, scale)).toBeUndefined();
  });
});
