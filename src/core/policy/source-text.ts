import type { Problem } from "../problem.ts";
import { POLICY_LIMITS } from "./policy-limits.ts";

/** A place in a policy file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Text of one file that knows its lines. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

export function sourceText(file: string, text: string): SourceText {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1))
    lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

export function placeAt(source: SourceText, offset: number): Place {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const column = offset - (source.lineStarts[low] ?? 0) + 1;
  return { file: source.file, line: low + 1, column };
}

/** Gathers problems of all files; past the limit they are counted, not kept. */
export interface ProblemList {
  readonly problems: Problem[];
  report(place: Place, message: string, suggestion?: string): void;
}

export function createProblemList(): ProblemList {
  const problems: Problem[] = [];
  return {
    problems,
    report({ file, line, column }, message, suggestion) {
      if (problems.length >= POLICY_LIMITS.problems) return;
      problems.push({ file, line, column, message, suggestion });
    },
  };
}
