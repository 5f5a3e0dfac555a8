import type { DefinitionStore } from "../../core/trust/definition-store.ts";
import type { Services } from "../../manage/native/services.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { openReviewStore } from "../open-review-store.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Throws the system's error where the store cannot be opened. */
export async function openReviewServices(
  { config, ledger, redis, now }: ServiceParts,
  pins: DefinitionStore,
  started: AsyncDisposableStack,
): Promise<Pick<Services, "reviews">> {
  const reviews = await openReviewStore(config, redis, now, started);
  const upstreams = new Map(config.upstreams.map((upstream) => [upstream.name, upstream]));
  return {
    reviews: {
      reviews,
      ledger,
      now,
      definitionOf(action, principal) {
        const upstream = upstreams.get(action.upstream);
        const vouched = upstream && vouch(action, upstream, principal, pins);
        return vouched?.kind === "pass" ? vouched.value?.seen : undefined;
      },
    },
  };
}
