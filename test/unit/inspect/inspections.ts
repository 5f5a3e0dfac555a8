import type { Inspection, InspectionRule } from "../../../src/core/inspect/inspection.ts";

/** An inspection that looks for `find` and does `action`. */
export function looking(
  find: readonly string[],
  action: InspectionRule["action"],
  scoreMin = 50,
): Inspection {
  return { surface: "response", rules: [{ id: `test-${action}`, find, scoreMin, action }] };
}

export const EVERYTHING = ["injection", "secret", "pii", "exploit", "destination"];
