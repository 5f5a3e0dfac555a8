import type { Finding } from "./finding.ts";
import type { Inspection } from "./inspection.ts";
import type { NotAllSeen } from "./not-all-seen.ts";
import type { ScanPlan } from "./scan-plan.ts";
import { shownPlace } from "./shown-place.ts";

const HELD_TOO_MUCH = "held-too-much";
export const DETECTOR_FAILED = "detector_failed";

/** The finding for a scan that failed. No error's message is in it: it might quote the text. */
export function failureFinding({ rules }: ScanPlan, part: string, signature: string): Finding {
  const [first] = [...rules.values()].flat();
  return {
    detector: DETECTOR_FAILED,
    signature,
    rule: first?.id ?? "",
    score: 100,
    confidence: 1,
    part: shownPlace(part),
    start: 0,
    end: 0,
    action: "block",
  };
}

/** The error's code, which a look that was ended from outside has, else its name. */
export function nameOfFailure(error: unknown): string {
  // Not by its class: what ends a look from outside throws errors of another realm.
  if (typeof error !== "object" || error === null) return "error";
  if ("code" in error && typeof error.code === "string") return error.code;
  return "name" in error && typeof error.name === "string" ? error.name : "error";
}

/** A stream needs more held back than its limits allow, or (`unseen`) was not looked at in full. */
export function unscannableFinding({ rules }: Inspection, unseen: NotAllSeen | undefined): Finding {
  return {
    detector: "response_unscannable",
    signature: unseen ?? HELD_TOO_MUCH,
    rule: rules[0]?.id ?? "",
    score: 100,
    confidence: 1,
    part: "stream",
    start: 0,
    end: 0,
    action: "block",
  };
}
