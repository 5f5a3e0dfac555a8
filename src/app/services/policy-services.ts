import type { Services } from "../../manage/native/services.ts";
import { openInspectionSource } from "../inspection-source.ts";
import { openPolicyDesk } from "../policy-desk.ts";
import type { ServiceParts } from "./service-parts.ts";

export function openPolicyServices({
  config: { policiesDirectory },
}: ServiceParts): Pick<Services, "policies" | "inspections"> {
  return {
    policies: openPolicyDesk(policiesDirectory),
    inspections: openInspectionSource(policiesDirectory),
  };
}
