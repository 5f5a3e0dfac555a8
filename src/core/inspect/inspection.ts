import type { DestinationFeeds } from "../destination/feed.ts";
import type { Aliases } from "./aliases.ts";
import type { Opinions } from "./opinions.ts";

/** Where text was found; policy files name these in `on:`. */
export type Surface = "request" | "response" | "tool_result";

/** One `inspect` entry of a policy file that applies to the exchange at hand. */
export interface InspectionRule {
  readonly id: string;
  /** Detector names or families: `injection`, `secret`, `pii`, `pii.email`. */
  readonly find: readonly string[];
  /** Findings below this score are ignored. */
  readonly scoreMin: number;
  readonly action: "block" | "redact" | "report";
  /** For `destination`: domains with all that is below them. */
  readonly domains?: DomainRule | undefined;
  readonly feeds?: DestinationFeeds;
  /** What the operator knows and lets pass: such findings report only. */
  readonly exceptions?: readonly InspectionException[];
  /** Put on the session when it finds something. */
  readonly marks?: readonly string[];
  /** What it takes out of a request becomes itself again in the answer. */
  readonly restores?: boolean;
}

/** Each is what fits; empty fits everything. */
export interface InspectionException {
  readonly fields: readonly NameTest[];
  readonly signatures: readonly NameTest[];
}

/** A glob of the policy language, already compiled. */
export type NameTest = (name: string) => boolean;

export interface DomainRule {
  readonly trusted: readonly string[];
  readonly blocked: readonly string[];
}

/**
 * What to look for in one direction of one exchange, resolved at load; constant per agent and
 * surface, so scanners cache on its identity. No rules: nothing is looked for.
 */
export interface Inspection {
  readonly surface: Surface;
  readonly rules: readonly InspectionRule[];
  /** Of one exchange: the names of what is taken out. */
  readonly aliases?: Aliases;
  /** Of one exchange: what is thought of texts that the detectors are not sure of. */
  readonly opinions?: Opinions;
  /** The constant that all of that was added to. */
  readonly plain?: Inspection;
}

/** Nothing is looked for, and nothing becomes itself again. */
export function isIdle({ rules, aliases }: Inspection): boolean {
  return rules.length === 0 && (aliases === undefined || aliases.restored.size === 0);
}

export const NO_INSPECTION: Record<Surface, Inspection> = {
  request: { surface: "request", rules: [] },
  response: { surface: "response", rules: [] },
  tool_result: { surface: "tool_result", rules: [] },
};
