import { sourcesOf } from "../../core/identity/bundle-sources.ts";
import { EVERY_TENANT, type DirectoryStore } from "../../core/identity/directory-store.ts";
import { NO_FEEDS, type DestinationFeeds } from "../../core/destination/feed.ts";
import type { Budget } from "../../core/money/budget.ts";
import { compilePolicies, type PolicyReply } from "../../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import { NO_SCHEMAS } from "../../core/policy/tool-schemas.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import type { TenantId } from "../../core/units.ts";
import { activeBundles } from "../../operations/policies/manage-bundles.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";

export interface PolicyDesk {
  snapshot(): Promise<PolicySnapshot>;
  /** The same, with its rules to be looked at. */
  inForce(): Promise<ReplayPolicies>;
  readonly budgets: (tenant: TenantId) => Promise<readonly Budget[]>;
}

type Good = Pick<Extract<PolicyReply, { kind: "ok" }>, "snapshot" | "budgets" | "rules">;

export interface PolicyDeskParts {
  readonly directory: string;
  readonly store: DirectoryStore;
  /** As the gateway has them: the digest, and so every approval asked ahead, depends on them. */
  readonly feeds?: () => DestinationFeeds;
}

/**
 * The policies as the gateway has them, for those who look from outside it: sources with problems
 * leave the last good ones in force.
 */
export function openPolicyDesk(parts: PolicyDeskParts): PolicyDesk {
  const { directory, store, feeds = () => NO_FEEDS } = parts;
  let good: Good | undefined;
  let stamp: string | undefined;

  async function compiled(): Promise<Good> {
    const bundles = await activeBundles(EVERY_TENANT, { store });
    const revisions = bundles.map(({ revision }) => revision).join(" ");
    const listed = feeds();
    const now = `${policyFilesStamp(directory) ?? ""} ${revisions} ${listed.digest}`;
    if (good !== undefined && now === stamp) return good;
    const { sources, problems } = readPolicyFiles(directory);
    const made = bundles.flatMap(({ tenant, body }) => sourcesOf(tenant, body));
    const reply =
      problems.length > 0 ? undefined : compilePolicies([...sources, ...made], NO_SCHEMAS, listed);
    stamp = now;
    good = reply?.kind === "ok" ? reply : (good ?? silence());
    return good;
  }

  return {
    snapshot: async () => (await compiled()).snapshot,
    async inForce() {
      const { snapshot, rules } = await compiled();
      return { digest: snapshot.digest, rules };
    },
    budgets: async (tenant) =>
      (await compiled()).budgets
        .filter(({ tenant: owner }) => owner === undefined || owner === tenant)
        .map(({ budget }) => budget),
  };
}

function silence(): Good {
  const reply = compilePolicies([]);
  if (reply.kind !== "ok") throw new Error("no policy compiles to nothing");
  return reply;
}
