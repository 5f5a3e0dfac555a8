/** What policy judges of a call: behind a meta-tool, the tool that it names. */
import type { Action, ToolAction } from "../core/action.ts";
import { unwrap } from "../core/meta-tool/unwrap.ts";
import type { Refusal } from "../core/refusal.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { ambiguousArgument } from "../core/ambiguous-argument.ts";

const UNDESCRIBED: NonNullable<Upstream["metaTools"]> = [];

export function judgedAction<A extends Action>(
  action: A,
  { transport, metaTools = UNDESCRIBED }: Upstream,
): Verdict<A | ToolAction> {
  // Our own tools name others to speak about them, not to call them.
  if (action.kind !== "tool" || transport.kind === "own") return pass(action);
  const unwrapping = unwrap(action, metaTools);
  if (unwrapping.kind === "problem") return halt(unreadable(unwrapping.problem));
  const { action: inner } = unwrapping;
  const twins = inner === action ? undefined : ambiguousArgument(inner.args);
  return twins === undefined
    ? pass(inner)
    : halt(unreadable(`two arguments of ${inner.tool} differ only in case (${twins})`));
}

function unreadable(problem: string): Refusal {
  return {
    code: "malformed",
    detail: `The call cannot be judged: ${problem}.`,
    remedy:
      "Name one tool in one call. If this tool calls no others, an operator says so in meta_tools.",
  };
}
