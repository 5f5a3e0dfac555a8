/** The alert rules ask for what the gate tells. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../../src/app/observe/metrics.ts";
import { REFUSALS } from "../../../src/core/refusal.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly action: string };
}

const file = new URL("../../../deploy/prometheus/alerts.yaml", import.meta.url);
const alerts: readonly Alert[] = parse(readFileSync(file, "utf8")).groups[0].rules;
const text = await createMetrics("1").render(undefined);
const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));

describe.each(alerts)("$alert", ({ expr, annotations }) => {
  it("reads metrics that are there, and refusals that can be", () => {
    const names = [...expr.matchAll(/\b(?:sallyport|nodejs)_\w+/g)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !told.has(name))).toEqual([]);
    for (const [, wanted = ""] of expr.matchAll(/code=~?"([^"]+)"/g)) {
      const pattern = new RegExp(`^(?:${wanted})$`);
      expect(Object.keys(REFUSALS).filter((code) => pattern.test(code))).not.toEqual([]);
    }
  });

  it("says what it means and what to do", () => {
    expect(annotations.summary).toMatch(/^.{20,}\.$/);
    expect(annotations.action).toMatch(/^.{10,}$/);
  });
});
