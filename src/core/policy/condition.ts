/** CEL conditions: parsed, type-checked and bounded at load; a plain call afterwards. */
import type { Action } from "../action.ts";
import type { CelFault } from "./cel-fault.ts";
import { parseCel, type CelProgram } from "./cel.ts";
import type { ConditionScope } from "./condition-scope.ts";
import type { ArgumentPath } from "./tool-schemas.ts";
import { valueUnits } from "./value-units.ts";
import type { ConditionClause } from "./policy-file.ts";
import type { Place, ProblemList } from "./source-text.ts";

/** A failed condition is not true for allow and approve, and applies for deny. */
export type Truth = "true" | "false" | "failed";

export interface Condition {
  readonly text: string;
  readonly readsBody: boolean;
  /** Whether what the session was marked with may decide. */
  readonly readsMarks: boolean;
  readonly argumentPaths: readonly ArgumentPath[];
  /** Reads that fail where a call lacks what is read. */
  readonly absentReads: readonly PlacedRead[];
  /** The value where no variable is read. */
  readonly constant: boolean | undefined;
  evaluate(scope: ConditionScope): Truth;
  /** What went wrong, for `explain`; undefined where nothing did. */
  failureOf(scope: ConditionScope): string | undefined;
}

export interface PlacedRead {
  readonly path: string;
  readonly place: Place;
}

/**
 * Work that the loops of one condition may do: values looked at, one loop inside another counting
 * as their product. A call that would need more fails the condition.
 */
const LOOP_UNITS_MAX = 20_000;

export function compileCondition(
  clause: ConditionClause,
  kind: Action["kind"],
  list: ProblemList,
): Condition | undefined {
  const reply = parseCel(clause.text, kind);
  if (reply.kind === "faults") {
    for (const fault of reply.faults) reportFault(clause, fault, list);
    return undefined;
  }
  const { program } = reply;
  return Object.freeze({
    text: clause.text,
    readsBody: program.reads.has("body"),
    readsMarks: program.reads.has("session") && clause.text.includes("marks"),
    argumentPaths: program.argumentPaths,
    absentReads: program.absentReads.map(({ path, at }) => {
      return { path, place: placeInside(clause, at) };
    }),
    constant: constantOf(program),
    evaluate: (scope: ConditionScope) => evaluate(program, scope),
    failureOf: (scope: ConditionScope) => failureOf(program, scope),
  });
}

function evaluate(program: CelProgram, scope: ConditionScope): Truth {
  try {
    if (isTooMuch(program, scope)) return "failed";
    const value: unknown = program.run(scope);
    if (typeof value === "boolean") return value ? "true" : "false";
    return "failed";
  } catch {
    // What is missing or of another type is the caller's doing; `explain` says what it was.
    return "failed";
  }
}

function failureOf(program: CelProgram, scope: ConditionScope): string | undefined {
  if (isTooMuch(program, scope)) return "the request is too large for a condition with loops";
  try {
    const value: unknown = program.run(scope);
    return typeof value === "boolean" ? undefined : `it gives a ${typeof value}, not true or false`;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : "it fails";
  }
}

function isTooMuch({ loops, reads }: CelProgram, scope: ConditionScope): boolean {
  if (loops === 0) return false;
  let units = 0;
  if (reads.has("args")) units += valueUnits(scope.args, LOOP_UNITS_MAX);
  if (reads.has("body")) units += valueUnits(scope.body, LOOP_UNITS_MAX);
  return units ** loops > LOOP_UNITS_MAX;
}

function constantOf(program: CelProgram): boolean | undefined {
  if (program.reads.size > 0) return undefined;
  try {
    const value: unknown = program.run(undefined);
    return typeof value === "boolean" ? value : undefined;
  } catch {
    return undefined;
  }
}

export function reportFault(clause: ConditionClause, fault: CelFault, list: ProblemList): void {
  list.report(placeInside(clause, fault.at), fault.message, fault.suggestion);
}

function placeInside({ lines, place }: ConditionClause, offset: number): Place {
  const line = lines.findLast((candidate) => candidate.offset <= offset);
  if (line === undefined) return place;
  return { ...line.place, column: line.place.column + offset - line.offset };
}
