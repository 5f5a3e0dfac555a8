import { join } from "node:path";
import type { DefinitionStore } from "../../core/trust/definition-store.ts";
import type { Services } from "../../manage/native/services.ts";
import { vouch } from "../../pipeline/vouch.ts";
import { SqliteReviewStore } from "../../stores/sqlite/review-store.ts";
import type { ServiceParts } from "./service-parts.ts";

/** Throws the system's error where the store cannot be opened. */
export function openReviewServices(
  { config, ledger, now }: ServiceParts,
  pins: DefinitionStore,
  started: AsyncDisposableStack,
): Pick<Services, "reviews"> {
  const at = (name: string): string => join(config.dataDirectory, name);
  const reviews = started.use(new SqliteReviewStore(at("reviews.db"), now));
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
