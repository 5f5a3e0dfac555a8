/** Reads the `approval:` clause of a rule. */
import type { Approval } from "../decision.ts";
import { REVIEW_PRIORITIES } from "../review/priority.ts";
import { millis, type Millis } from "../units.ts";
import { numberOf, placeOf, textsOf, wordOf, type Parsing } from "./parse-clause.ts";
import { parseDuration } from "./quantity.ts";
import { entryOf, textOf, valueOf, type YamlMap, type YamlNode } from "./yaml-node.ts";

const EXPIRES = millis(15 * 60_000);

/** Clients and the networks between give up on a silent call soon after. */
const HOLD_MAX_MS = 290_000;

export function parseApproval(node: YamlNode | undefined, parsing: Parsing): Approval {
  if (node?.kind !== "map") return { approvers: [], expires: EXPIRES };
  const isNever = textOf(valueOf(node, "hold_max")) === "0s";
  const holdMax = isNever ? millis(0) : durationOf(node, "hold_max", parsing);
  if (holdMax !== undefined && holdMax > HOLD_MAX_MS) {
    const place = placeOf(valueOf(node, "hold_max") ?? node, parsing);
    parsing.list.report(place, "no client waits so long for an answer", "at most 290s");
  }
  const named = entryOf(node, "escalate_to") !== undefined;
  return {
    approvers: textsOf(valueOf(node, "approvers")),
    expires: durationOf(node, "expires", parsing) ?? EXPIRES,
    count: numberOf(valueOf(node, "count")),
    priority: wordOf(valueOf(node, "priority"), REVIEW_PRIORITIES),
    sla: durationOf(node, "sla", parsing),
    escalateTo: named ? textsOf(valueOf(node, "escalate_to")) : undefined,
    holdMax,
  };
}

function durationOf(map: YamlMap, key: string, parsing: Parsing): Millis | undefined {
  const node = valueOf(map, key);
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const quantity = parseDuration(text);
  if (quantity.kind === "ok") return quantity.value;
  parsing.list.report(placeOf(node, parsing), quantity.message, quantity.suggestion);
  return undefined;
}
