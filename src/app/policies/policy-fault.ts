import { formatProblem } from "../../core/policy/format-problem.ts";
import type { PolicySource } from "../../core/policy/compile-policy.ts";
import type { Problem } from "../../core/problem.ts";

/** Policies that do not load at start, where there is no last good snapshot to keep. */
export class PolicyFault extends Error {
  override readonly name = "PolicyFault";
  readonly problems: readonly Problem[];
  /** Each problem as a compiler prints it, with the line it is about. */
  readonly printed: readonly string[];

  constructor(problems: readonly Problem[], sources: readonly PolicySource[]) {
    super(
      `the policies have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`,
    );
    this.problems = problems;
    this.printed = printProblems(problems, sources);
  }
}

export function printProblems(
  problems: readonly Problem[],
  sources: readonly PolicySource[],
): readonly string[] {
  const texts = new Map(sources.map(({ file, text }) => [file, text]));
  return problems.map((problem) => formatProblem(problem, texts.get(problem.file)));
}
