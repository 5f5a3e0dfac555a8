import type { Problem } from "../../core/problem.ts";
import { printProblems } from "../policies/policy-fault.ts";

/** Feeds that do not load at start, where there are no last good ones to keep. */
export class FeedFault extends Error {
  override readonly name = "FeedFault";
  readonly printed: readonly string[];

  constructor(problems: readonly Problem[]) {
    super(`the feeds have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`);
    this.printed = printProblems(problems, []);
  }
}
