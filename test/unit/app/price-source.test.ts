import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPriceSource, type PriceEvents } from "../../../src/app/prices/price-source.ts";
import { PriceFault } from "../../../src/app/prices/price-fault.ts";
import { instant } from "../../../src/core/units.ts";
import { NONE } from "../money/usage-streams.ts";

const NOW = instant(Date.parse("2026-11-21T12:00:00Z"));
const entry = (input: string): string =>
  `overrides: [{ provider: local, model: m, input_usd_per_mtok: ${input}, output_usd_per_mtok: 2 }]`;

let home: string;
let file: string;
let told: string[];
const events: PriceEvents = {
  pricesLoaded: () => void told.push("loaded"),
  pricesRefused: (problems) => void told.push(`refused: ${problems[0]?.message}`),
};
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "sallyport-prices-"));
  file = join(home, "own.yaml");
  told = [];
});
afterEach(() => rmSync(home, { recursive: true }));

const open = () => openPriceSource({ overrides: [], unpriced: "refuse", places: [], file }, events);
const costOf = (source: ReturnType<typeof open>) =>
  source.catalogue.price("local", "m", NOW)?.cost({ ...NONE, input: 1_000_000, output: 0 });

/** Waits for the watch to have told something. */
async function toldMore(than: number): Promise<void> {
  await expect.poll(() => told.length).toBeGreaterThan(than);
}

describe("prices in a file", () => {
  it("are read again when the file changes; a mistake leaves the last good ones", async () => {
    writeFileSync(file, entry("1"));
    await using source = open();
    expect(costOf(source)).toBe(1_000_000_000);
    const before = source.catalogue.version;
    writeFileSync(file, entry("3"));
    await toldMore(1);
    expect(costOf(source)).toBe(3_000_000_000);
    expect(source.catalogue.version).not.toBe(before);
    writeFileSync(file, entry("-1"));
    await toldMore(2);
    expect(told.at(-1)).toContain("refused");
    expect(source.problems).toHaveLength(1);
    expect(costOf(source)).toBe(3_000_000_000);
    writeFileSync(file, entry("1"));
    await toldMore(3);
    expect(source.problems).toEqual([]);
    expect(source.catalogue.version).toBe(before);
  });

  it("stay when the file goes, and say so", async () => {
    writeFileSync(file, entry("1"));
    await using source = open();
    rmSync(file);
    source.reload();
    expect(source.problems[0]?.message).toContain("cannot be read");
    expect(costOf(source)).toBe(1_000_000_000);
  });

  it("keep their version with what was agreed on, whatever is in force later", async () => {
    writeFileSync(file, entry("1"));
    await using source = open();
    const { version } = source.catalogue;
    const agreed = source.catalogue.price("local", "m", NOW);
    writeFileSync(file, entry("3"));
    source.reload();
    expect(agreed?.catalogue).toBe(version);
    expect(source.catalogue.version).not.toBe(version);
  });

  it("must load at the start", () => {
    writeFileSync(file, entry("0"));
    expect(open).toThrow(PriceFault);
    rmSync(file);
    expect(open).toThrow(PriceFault);
  });
});
