import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Services } from "../../manage/native/services.ts";
import { openPolicyDesk } from "../policies/policy-desk.ts";
import { readNamedPolicies } from "../policies/policy-files.ts";
import type { ServiceParts } from "./service-parts.ts";

export function openPolicyServices(
  { config: { policiesDirectory } }: ServiceParts,
  identity: IdentityPorts,
): Pick<Services, "policies"> {
  const desk = openPolicyDesk(policiesDirectory, identity.store);
  const ports = { ...identity, files: () => readNamedPolicies(policiesDirectory) };
  return { policies: { ...desk, ports } };
}
