import { judgedAction } from "../../pipeline/judged-action.ts";
import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { Principal } from "../../core/principal.ts";
import type { DefinitionStore } from "../../core/trust/definition-store.ts";
import type { Upstream } from "../../core/upstream.ts";
import type { Services } from "../../manage/native/services.ts";
import { placeAction } from "../../operations/planning/place-action.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { createApprovalLinks } from "../../stores/tokens/approval-links.ts";
import { vaultKey } from "../../stores/vault/vault-file.ts";
import { vaultKeySource } from "../../stores/vault/vault-key.ts";
import { readUpstreamEntry } from "../config/read-upstream-entry.ts";
import { openReviewStore } from "../ports/open-review-store.ts";
import type { ServiceParts } from "./service-parts.ts";
import { openSlackSide } from "./slack-side.ts";

/** Throws the system's error where the store or Slack's secret cannot be opened. */
export async function openReviewServices(
  { config, ledger, redis, now }: ServiceParts,
  { store: directory }: Pick<IdentityPorts, "store">,
  pins: DefinitionStore,
  started: AsyncDisposableStack,
): Promise<Pick<Services, "reviews">> {
  const reviews = await openReviewStore(config, redis, now, started);
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]));
  const inside = { allowPrivate: config.api.privateUpstreams };

  async function registered(name: string, { tenant }: Principal): Promise<Upstream | undefined> {
    const stored = await directory.get("upstream", name);
    if (stored?.tenant !== tenant) return undefined;
    const reading = readUpstreamEntry(stored.body.entry, tenant, inside);
    return reading.kind === "upstream" ? reading.upstream : undefined;
  }

  return {
    reviews: {
      reviews,
      ledger,
      now,
      directory,
      links: createApprovalLinks({
        store: directory,
        key: () =>
          vaultKey(config.dataDirectory, vaultKeySource(config.vault, config.dataDirectory)),
        tenant: DEFAULT_TENANT,
        now,
      }),
      slack: openSlackSide(config.reviews, now),
      async placed(described, principal) {
        const upstream =
          upstreams.get(described.upstream) ?? (await registered(described.upstream, principal));
        if (upstream === undefined) return { action: described, definition: undefined };
        const judged = judgedAction(placeAction(described, upstream), upstream);
        const action = judged.kind === "pass" ? judged.value : described;
        const vouched = vouch({ action, upstream, principal, era: undefined }, pins);
        const definition = vouched.kind === "pass" ? vouched.value?.seen : undefined;
        return { action, definition };
      },
    },
  };
}
