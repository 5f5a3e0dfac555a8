/** What is wrong with a condition, in words of the policy language and not of the CEL package. */
import { closest } from "../../lib/closest.ts";
import type { Action } from "../action.ts";
import { CONDITION_VARIABLES, VARIABLES_BY_KIND } from "./condition-scope.ts";

export interface CelFault {
  /** UTF-16 offset in the expression. */
  readonly at: number;
  readonly message: string;
  readonly suggestion: string | undefined;
}

/** As the package throws it. */
interface Complaint {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

export function faultIn(text: string, kind: Action["kind"], complaint: Complaint): CelFault {
  const { start, end } = complaint.range ?? { start: 0, end: 0 };
  return { at: start, ...wordsFor(complaint, text.slice(start, end), text.slice(0, start), kind) };
}

function wordsFor(
  { code, summary }: Complaint,
  word: string,
  before: string,
  kind: Action["kind"],
): Pick<CelFault, "message" | "suggestion"> {
  if (code === "unknown_variable") {
    const elsewhere = kindsThatRead(word);
    if (elsewhere.length > 0) {
      const message = `${word} is not known in a rule that selects ${kind} calls`;
      return { message, suggestion: `it is known for ${elsewhere.join(" and ")}` };
    }
    return named(`there is no variable ${word}`, word, VARIABLES_BY_KIND[kind]);
  }
  const owner = /(\w+)\.$/.exec(before)?.[1] ?? "";
  const variable = Object.hasOwn(CONDITION_VARIABLES, owner)
    ? CONDITION_VARIABLES[owner]
    : undefined;
  if (code === "no_such_key" && variable?.kind === "fields") {
    return named(`${owner} has no field ${word}`, word, Object.keys(variable.fields));
  }
  if (code === "unexpected_token") return misplaced(word);
  return { message: summary, suggestion: undefined };
}

function misplaced(word: string): Pick<CelFault, "message" | "suggestion"> {
  const found = word.trim();
  return {
    message: found === "" ? "the condition ends too early" : `\`${found}\` cannot stand here`,
    suggestion: 'conditions are written as in args.amount < 50 && args.currency == "USD"',
  };
}

function named(
  message: string,
  word: string,
  known: readonly string[],
): Pick<CelFault, "message" | "suggestion"> {
  const near = closest(word, known);
  return {
    message,
    suggestion: near === undefined ? `known: ${known.join(", ")}` : `did you mean ${near}?`,
  };
}

function kindsThatRead(name: string): readonly string[] {
  const kinds = Object.entries<readonly string[]>(VARIABLES_BY_KIND);
  return kinds.filter(([, names]) => names.includes(name)).map(([kind]) => kind);
}
