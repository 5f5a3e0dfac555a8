/** What the management API needs to show, test and change policies. */
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Services } from "../../manage/native/services.ts";
import { openShownFeeds } from "../feeds/shown-feeds.ts";
import { openPolicyDesk } from "../policies/policy-desk.ts";
import { readNamedPolicies } from "../policies/policy-files.ts";
import type { ServiceParts } from "./service-parts.ts";

interface PolicyServiceParts {
  readonly ports: IdentityPorts;
  readonly started: AsyncDisposableStack;
}

export function openPolicyServices(
  { config, feeds }: ServiceParts,
  { ports: identity, started }: PolicyServiceParts,
): Pick<Services, "policies"> {
  const { policiesDirectory: directory } = config;
  const shown = feeds ?? openShownFeeds(config.feeds, started);
  const desk = openPolicyDesk({ directory, store: identity.store, feeds: shown });
  const ports = { ...identity, files: () => readNamedPolicies(directory) };
  return { policies: { ...desk, ports } };
}
