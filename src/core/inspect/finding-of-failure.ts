import type { Finding } from "./finding.ts";
import type { ScanPlan } from "./scan-plan.ts";

export const DETECTOR_FAILED = "detector_failed";

/** What a detector threw, as a finding: by the name of the error, for its message may quote text. */
export function failureFinding({ rules }: ScanPlan, part: string, error: unknown): Finding {
  const [first] = [...rules.values()].flat();
  return {
    detector: DETECTOR_FAILED,
    signature: error instanceof Error ? error.name : "error",
    rule: first?.id ?? "",
    score: 100,
    confidence: 1,
    part,
    start: 0,
    end: 0,
    action: "block",
  };
}
