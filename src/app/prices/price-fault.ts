import type { Problem } from "../../core/problem.ts";
import { printProblems } from "../policies/policy-fault.ts";
import type { PriceReading } from "./read-prices.ts";

/** Prices that do not load at start, where there are no last good ones to keep. */
export class PriceFault extends Error {
  override readonly name = "PriceFault";
  readonly problems: readonly Problem[];
  /** Each problem as a compiler prints it, with the line it is about. */
  readonly printed: readonly string[];

  constructor({ problems, sources }: PriceReading) {
    super(`the prices have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`);
    this.problems = problems;
    this.printed = printProblems(problems, sources);
  }
}
