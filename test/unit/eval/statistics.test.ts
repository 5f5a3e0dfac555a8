import { describe, expect, it } from "vitest";
import { auroc, quantile, rateOf } from "../../eval/statistics.ts";

describe("rates", () => {
  it("come with their Wilson interval", () => {
    // Values of R's binom.confint(method = "wilson").
    expect(rateOf(0, 100)).toMatchObject({ rate: 0, low: 0 });
    expect(rateOf(0, 100).high).toBeCloseTo(0.037, 3);
    expect(rateOf(8, 10).low).toBeCloseTo(0.4902, 3);
    expect(rateOf(8, 10).high).toBeCloseTo(0.9433, 3);
  });

  it("of nothing are unknown", () => {
    expect(rateOf(0, 0)).toMatchObject({ rate: 0, low: 0, high: 1 });
  });
});

describe("AUROC", () => {
  it("is the chance that an attack scores above a benign text, a tie counting half", () => {
    expect(auroc([3, 4], [1, 2])).toBe(1);
    expect(auroc([1, 2], [3, 4])).toBe(0);
    expect(auroc([1, 1], [1, 1])).toBe(0.5);
    expect(auroc([1, 3], [2])).toBe(0.5);
  });
});

it("quantiles are values that occur", () => {
  expect(quantile([5, 1, 3], 0.5)).toBe(3);
  expect(quantile([5, 1, 3], 1)).toBe(5);
});
