import type { Finding } from "./finding.ts";
import type { ScanPlan } from "./scan-plan.ts";

export const DETECTOR_FAILED = "detector_failed";

/** A look that failed, as a finding: by a name of its own, for an error's message may quote text. */
export function failureFinding({ rules }: ScanPlan, part: string, signature: string): Finding {
  const [first] = [...rules.values()].flat();
  return {
    detector: DETECTOR_FAILED,
    signature,
    rule: first?.id ?? "",
    score: 100,
    confidence: 1,
    part,
    start: 0,
    end: 0,
    action: "block",
  };
}
