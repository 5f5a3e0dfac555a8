import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/app/config/load-config.ts";
import { withDemoUpstreams } from "../../../src/app/demo/demo-upstreams.ts";
import { runProgram } from "../../../src/cli/program.ts";
import { readPrices } from "../../../src/app/prices/read-prices.ts";
import { instant } from "../../../src/core/units.ts";
import { createPriceCatalogue } from "../../../src/stores/prices/price-catalogue.ts";

const CONFIG = `
agents: [{ name: a }]
upstreams:
  - { name: openai, wire: openai, url: "https://api.openai.com" }
prices:
  file: own.yaml
  overrides:
    - { provider: openai, model: local-1, input_usd_per_mtok: 0.5, output_usd_per_mtok: 1 }
`;
const OWN = `
overrides:
  - provider: openai
    model: gpt-4o
    input_usd_per_mtok: { base: 2, above: [{ tokens: 100000, usd_per_mtok: 3 }] }
    output_usd_per_mtok: 8
  - { provider: openai, model: gpt-4o, tier: priority, input_usd_per_mtok: 4.25, output_usd_per_mtok: 17 }
`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sallyport-prices-"));
  writeFileSync(join(home, "sallyport.yaml"), CONFIG);
  writeFileSync(join(home, "own.yaml"), OWN);
});
afterEach(() => rmSync(home, { recursive: true }));

async function run(...argv: string[]) {
  let out = "";
  let err = "";
  const code = await runProgram(["prices", ...argv], {
    environment: {},
    workingDirectory: home,
    out: (text) => (out += text),
    err: (text) => (err += text),
  });
  return { code, out, err };
}

describe("sallyport prices show", () => {
  it("says what a model costs, how sure that is, and by which catalogue", async () => {
    const { code, out } = await run("show", "gpt-4o");
    expect(code).toBe(0);
    expect(out).toMatch(/openai\/gpt-4o, standard: exact/);
    expect(out).toMatch(/input_usd_per_mtok\s+2, 3 above 100000 tokens/);
    expect(out).toMatch(/output_usd_per_mtok\s+8\n/);
    expect(out).toMatch(/catalogue genai-prices@[\d.]+\+[0-9a-f]{16}/);
    const snapshot = await run("show", "gpt-4.1-2025-04-14", "--json");
    expect(JSON.parse(snapshot.out)).toMatchObject({
      prices: [{ status: "aliased", prices: { input_usd_per_mtok: "2" } }],
    });
  });

  it("knows tiers and dates", async () => {
    expect((await run("show", "gpt-4o", "--tier", "priority")).out).toMatch(/4\.25/);
    expect((await run("show", "gpt-5.5", "--tier", "priority")).out).toMatch(/input\w*\s+12\.5/);
    const fast = await run("show", "claude-opus-5", "--provider", "anthropic", "--tier", "fast");
    expect(fast.out).toMatch(/claude-opus-5, fast: aliased\n\s+input\w*\s+10\n/);
    const none = await run("show", "gpt-5.5", "--tier", "nonsense");
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining("known: standard, batch") });
    const before = await run("show", "o3", "--at", "2025-06-09");
    expect(before.out).toMatch(/output_usd_per_mtok\s+40/);
    expect((await run("show", "o3")).out).toMatch(/output_usd_per_mtok\s+8\n/);
  });

  it("answers no for a model or a tier that nobody priced", async () => {
    const unknown = await run("show", "gpt-99");
    expect(unknown).toMatchObject({ code: 1 });
    expect(unknown.err).toContain("nobody knows what gpt-99 costs");
    expect((await run("show", "gpt-4.1-nano", "--tier", "priority")).code).toBe(1);
  });

  it("lists the operator's own without a model", async () => {
    const { out } = await run("show");
    expect(out).toContain("models without a price: refused");
    expect(out).toContain("own price: openai/gpt-4o, priority");
  });
});

describe("the demo's price", () => {
  it("is the one that the running demo charges", async () => {
    rmSync(join(home, "sallyport.yaml"));
    const shown = JSON.parse((await run("show", "demo-model", "--json")).out);
    expect(shown.prices).toMatchObject([
      { provider: "demo", prices: { input_usd_per_mtok: "10", output_usd_per_mtok: "1500" } },
    ]);
    const asked = { file: undefined, flags: [], environment: {}, workingDirectory: home };
    const loaded = loadConfig(asked);
    if (loaded.kind !== "config") throw new Error("the sample does not load");
    const urls = { model: "http://127.0.0.1:1", tools: "http://127.0.0.1:2" };
    const { prices } = withDemoUpstreams(loaded.config, urls);
    expect(shown.catalogue).toBe(
      createPriceCatalogue(readPrices(prices, instant(0)).overlay).version,
    );
  });
});

describe("sallyport prices check", () => {
  it("is content with prices near the catalogue's", async () => {
    expect(await run("check")).toMatchObject({ code: 0, out: "the prices are in order\n" });
  });

  it("reports every slip with its place", async () => {
    writeFileSync(
      join(home, "own.yaml"),
      `overrides:
  - { provider: openai, model: gpt-4o, input_usd_per_mtok: 0.0025, output_usd_per_mtok: 10 }
  - { provider: openai, model: gpt-4.1, input_usd_per_mtok: 200, output_usd_per_mtok: 8 }
  - { provider: local, model: llama, input_usd_per_mtok: 0, output_usd_per_mtok: 20000 }
  - { provider: local, model: mystery, web_search_usd: 0.01 }
  - { provider: local, model: "*-mini", input_usd_per_mtok: 1, output_usd_per_mtok: 1 }
  - { provider: openai, model: o3, from: 2026-02-01, until: 2026-01-01, input_usd_per_mtok: 2, output_usd_per_mtok: 8 }
`,
    );
    const { code, out } = await run("check", "--json");
    expect(code).toBe(1);
    const problems = JSON.parse(out) as { line: number; message: string }[];
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      expect.stringMatching(
        /^2 .*input_usd_per_mtok: less than a tenth of the catalogue's 2.5 USD/,
      ),
      expect.stringMatching(/^3 .*more than ten times the catalogue's 2 USD/),
      expect.stringMatching(/^4 .*a price of zero makes calls free/),
      expect.stringMatching(/^4 .*`20000` is no price/),
      expect.stringMatching(/^5 .*the catalogue has no mystery of local to add to/),
      expect.stringMatching(/^6 .*model: no model is called \*-mini/),
      expect.stringMatching(/^7 .*until: it ends before it begins/),
    ]);
    const shown = await run("check");
    expect(shown.err).toContain("own.yaml:2:");
    expect(shown.err).toContain("confirm: true");
  });

  it("asks whether a provider that is nearly one is one", async () => {
    const entry = (more: string): string =>
      `overrides: [{ provider: opneai, model: m, input_usd_per_mtok: 1, output_usd_per_mtok: 2${more} }]`;
    writeFileSync(join(home, "mine.yaml"), entry(""));
    const slipped = await run("check", "mine.yaml");
    expect(slipped.code).toBe(1);
    expect(slipped.err).toMatch(
      /mine\.yaml:1:\d+: .*provider: the catalogue has no provider opneai/,
    );
    expect(slipped.err).toContain("did you mean `openai`?");
    writeFileSync(join(home, "mine.yaml"), entry(", confirm: true"));
    expect((await run("check", "mine.yaml")).code).toBe(0);
  });

  it("takes what the operator confirms, and not what is no price", async () => {
    const entry = (price: string): string =>
      `overrides: [{ provider: openai, model: gpt-4o, input_usd_per_mtok: ${price}, confirm: true }]`;
    writeFileSync(join(home, "mine.yaml"), entry("0"));
    expect((await run("check", "mine.yaml")).code).toBe(0);
    writeFileSync(join(home, "mine.yaml"), entry("10001"));
    expect((await run("check", "mine.yaml")).code).toBe(1);
  });

  it("says what is wrong with a file that is none", async () => {
    expect((await run("check", "absent.yaml")).err).toContain("cannot be read");
    writeFileSync(join(home, "mine.yaml"), "overides: []");
    expect((await run("check", "mine.yaml")).err).toContain("did you mean `overrides`");
  });
});

describe("sallyport prices diff", () => {
  it("shows what the operator's prices change", async () => {
    const { out } = await run("diff");
    expect(out).toContain("openai/gpt-4o, standard: output_usd_per_mtok 10 → 8");
    expect(out).toContain("openai/gpt-4o, priority: input_usd_per_mtok none → 4.25");
    expect(out).toContain("openai/local-1, standard: input_usd_per_mtok none → 0.5");
  });

  it("shows what another file would change", async () => {
    writeFileSync(
      join(home, "next.yaml"),
      "overrides: [{ provider: openai, model: gpt-4o, input_usd_per_mtok: 2, output_usd_per_mtok: 9 }]",
    );
    const { out } = await run("diff", "next.yaml");
    expect(out).toContain("output_usd_per_mtok 8 → 9");
    expect(out).not.toContain("local-1");
    writeFileSync(join(home, "next.yaml"), "overrides: []");
    expect((await run("diff", "next.yaml")).out).toBe("no difference\n");
  });
});
